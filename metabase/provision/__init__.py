"""Pushes the definition to Metabase over its API; twice in a row changes nothing the second time."""
