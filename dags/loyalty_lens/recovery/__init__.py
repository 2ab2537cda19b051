"""A warehouse is saved to a file, and comes back from one."""
