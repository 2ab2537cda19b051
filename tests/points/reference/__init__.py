"""The points of one customer at a time, straight from docs/points.md: the yardstick of the SQL."""
