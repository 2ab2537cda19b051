"""Bring your own files: templates to fill in, and a look at files before they are loaded."""
