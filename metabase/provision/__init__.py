"""Pushes the definition to Metabase over its API; a second push in a row changes nothing."""
