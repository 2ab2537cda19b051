"""When what Metabase holds is what the definition says: compared without what Metabase adds."""

from typing import Any


def trimmed(value: Any) -> Any:
    """Without keys that hold nothing (null, an empty map or list), at every depth."""
    if isinstance(value, dict):
        cleaned = {key: trimmed(each) for key, each in value.items()}
        return {key: each for key, each in cleaned.items() if each not in (None, {}, [])}
    if isinstance(value, list | tuple):
        return [trimmed(each) for each in value]
    return value


def same(ours: Any, theirs: Any) -> bool:
    """Equal but for what holds nothing."""
    return bool(trimmed(ours) == trimmed(theirs))


def only(keys: tuple[str, ...], theirs: dict[str, Any]) -> dict[str, Any]:
    """Those entries that a definition speaks of."""
    return {key: theirs.get(key) for key in keys}
