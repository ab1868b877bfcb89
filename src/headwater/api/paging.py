"""Lists in pages: the place to go on from, as every list takes and tells it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query

from headwater.api.problems import Refusal
from headwater.core import bookmark

BIGGEST = 2**63
After = Annotated[
    str | None, Query(max_length=2000, description="`next` of the last answer, to go on behind it.")
]


def place(after: str | None, *kinds: Callable[[Any], Any]) -> Sequence[Any] | None:
    """The parts of a place, each of its kind; None at the beginning. 422 for what is none."""
    if after is None:
        return None
    try:
        return [kind(part) for kind, part in zip(kinds, bookmark.read(after), strict=True)]
    except (ValueError, TypeError) as exc:
        problem = "this is no place in this list: take `next` of the last answer as it is"
        raise Refusal(
            422, "not-understood", f"after: {problem}", errors=[{"where": "query.after", "problem": problem}]
        ) from exc


def paged(name: str, rows: Sequence[Any], limit: int, *parts: Callable[[Any], Any]) -> dict[str, Any]:
    """A page of at most `limit` rows, of which one more was read to know whether there is more."""
    more = len(rows) > limit
    shown = rows[:limit]
    following = bookmark.written(*(part(shown[-1]) for part in parts)) if more else None
    return {name: shown, "next": following, "more": more}


def number(part: Any) -> int:
    """A whole number of 64 bits."""
    if not isinstance(part, int) or isinstance(part, bool) or not 0 <= part < BIGGEST:
        raise ValueError("no number")
    return part


def moment(part: Any) -> datetime:
    """A time with its zone."""
    at = datetime.fromisoformat(part)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at
