"""Questions about points: which rules, why this balance, what was published, and what if."""
