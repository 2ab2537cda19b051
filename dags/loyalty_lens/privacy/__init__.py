"""Who may see what, what becomes of a person's data, and how long they are kept."""
