"""The version of what is made."""

# One more whenever the same options give other bytes: a shop that an earlier version began cannot
# go on. tests/unit/generator/test_version.py fails until it is raised.
VERSION = 3
