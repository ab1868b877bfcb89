"""Raw values in words for people."""

from typing import Any


def said(raw: Any) -> str:
    """A raw value in words for people, never at length."""
    names: dict[type, str] = {bool: "yes or no", list: "a list", dict: "a map", type(None): "nothing"}
    if raw.__class__ in names:
        return names[raw.__class__]
    try:
        text = str(raw)
    except ValueError:
        return "a number of thousands of digits"
    return f"“{text[:40]}{'…' if len(text) > 40 else ''}”"
