"""Pages that are made from the project itself: the dictionary of tables, how tables relate."""
