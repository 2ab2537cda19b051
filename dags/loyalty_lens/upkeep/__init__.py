"""What is done so that a warehouse stays small, quick and whole."""
