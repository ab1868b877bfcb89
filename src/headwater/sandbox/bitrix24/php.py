"""How PHP reads requests and writes JSON: nested keys in, its rule for arrays out."""

import math
import re
from collections.abc import Iterable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson

_BRACKET = re.compile(r"\[([^\]]*)\]")
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_INTEGER = re.compile(r"\s*[+-]?\d+")
_LARGEST = 2**63 - 1
BAD_BYTES = "\ue000bad-bytes\ue000"
"""A text that leaves the portal as bytes which are no UTF-8 (a fault)."""


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Flat `a[b][]=c` pairs as nested maps, keys always text, the way parse_str() builds them."""
    top: dict[str, Any] = {}
    for key, value in pairs:
        if "[" not in key or key.startswith("[") or "]" not in key.partition("[")[2]:
            top[_plain(key)] = value
            continue
        head, _, tail = key.partition("[")
        node, name = top, _plain(head)
        for step in _BRACKET.findall("[" + tail):
            inside = node.get(name)
            if not isinstance(inside, dict):
                inside = node[name] = {}
            node, name = inside, step or _next_index(inside)
        node[name] = value
    return top


def _plain(name: str) -> str:
    """A name as PHP has it: dots, spaces and a bracket that is never closed are underscores."""
    return name.replace(".", "_").replace(" ", "_").replace("[", "_", 1)


def _next_index(node: Mapping[str, Any]) -> str:
    numbers = [int(key) for key in node if key.isdigit()]
    return str(max(numbers) + 1) if numbers else "0"


def query(text: str) -> dict[str, Any]:
    """The parameters of a query string or of an urlencoded body."""
    return nest(parse_qsl(text, keep_blank_values=True))


def body(content: bytes, content_type: str) -> dict[str, Any]:
    """The parameters of a request body; an unreadable one has none, as on a real portal."""
    kind = content_type.partition(";")[0].strip().lower()
    if not content:
        return {}
    if kind == "application/json":
        try:
            read = orjson.loads(content)
        except orjson.JSONDecodeError:
            return {}
        return as_map(read)
    if kind == "multipart/form-data":
        return _multipart(content, content_type)
    return query(content.decode("utf-8", "replace"))


def _multipart(content: bytes, content_type: str) -> dict[str, Any]:
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + content
    )
    pairs = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            pairs.append((name, payload.decode("utf-8", "replace")))
    return nest(pairs)


def as_list(value: Any) -> list[Any]:
    """A PHP array read as a list: the values of a map, a list as it is, a scalar alone."""
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list) else [value]


def as_map(value: Any) -> dict[str, Any]:
    """A PHP array read as a map: a list by its positions; a scalar is no array and gives an empty map."""
    if isinstance(value, Mapping):
        return {str(key): inside for key, inside in value.items()}
    return {str(at): inside for at, inside in enumerate(value)} if isinstance(value, list) else {}


def is_array(value: Any) -> bool:
    return isinstance(value, (Mapping, list))


def is_empty(value: Any) -> bool:
    """Whether a value is what clients send for nothing: null, the empty text, false; a zero is a value."""
    return value is None or value is False or value == ""


def array(value: Mapping[str, Any]) -> Any:
    """What json_encode() makes of an array: `[]` when empty, a list when its keys are 0..n-1 in order."""
    if all(key == str(at) for at, key in enumerate(value)):
        return list(value.values())
    return value


def text(value: Any) -> str:
    """A scalar as PHP turns it into text."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return str(value) if isinstance(value, (str, int, float)) else ""


def integer(value: Any) -> int:
    """intval(): the leading digits, or 0; what is too large for 64 bits is the largest there is."""
    if isinstance(value, float):
        return _bounded(value) if math.isfinite(value) else 0
    if isinstance(value, (bool, int)):
        return _bounded(value)
    found = _INTEGER.match(text(value))
    return _bounded(_read(found[0])) if found else 0


def _bounded(number: float) -> int:
    return max(-_LARGEST - 1, min(_LARGEST, int(number)))


def _read(digits: str) -> float:
    """A whole number; one of very many digits as a float, which Python reads at any length."""
    return int(digits) if len(digits) < 30 else min(max(float(digits), -1e30), 1e30)


def number(value: Any) -> float | int:
    """The leading number of a text, or 0."""
    found = _NUMBER.match(text(value))
    if not found:
        return 0
    read = float(found[0])
    return int(found[0]) if _INTEGER.fullmatch(found[0]) and abs(read) < _LARGEST else read


class Lazy(Protocol):
    """A part of an answer that becomes JSON when it is sent."""

    def sent(self) -> orjson.Fragment: ...


def _lazy(part: Lazy) -> orjson.Fragment:
    return part.sent()


def encode(value: Any) -> bytes:
    """JSON as the portal sends it, slashes escaped."""
    content = orjson.dumps(value, default=_lazy).replace(b"/", b"\\/")
    marker = BAD_BYTES.encode()
    return content.replace(marker, b"\xd0\xff\xfe") if marker in content else content
