"""Where a reader of a list was, as a text that he brings back; whoever reads it checks its parts."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson


def written(*parts: Any) -> str:
    """The parts as a text for addresses: numbers, texts, times, nothing."""
    return urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def read(text: str) -> list[Any]:
    """The parts, times as text. Raises ValueError when `written` never wrote this."""
    parts = orjson.loads(urlsafe_b64decode((text + "=" * (-len(text) % 4)).encode("ascii")))
    if not isinstance(parts, list):
        raise ValueError("a bookmark is a list")
    return parts
