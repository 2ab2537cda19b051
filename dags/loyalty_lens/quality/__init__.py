"""The quality gate: every delivered row is judged, and either counts or says why it does not."""
