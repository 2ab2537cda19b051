"""YAML, read by the quickest safe loader there is."""

from typing import Any

import yaml

YAMLError = yaml.YAMLError
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where it is built in


def read_yaml(text: str) -> Any:
    """The document in `text`. Raises YAMLError where it is none."""
    return yaml.load(text, Loader=_LOADER)  # noqa: S506  (both loaders are safe ones)
