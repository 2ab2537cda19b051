"""Dashboards as files, with two readers: Metabase (provision) and a local preview."""
