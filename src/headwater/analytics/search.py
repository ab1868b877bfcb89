"""Search over records: strict to loose, and every hit says by what it was found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from headwater.analytics.questions import Misasked
from headwater.analytics.records import Looking
from headwater.core.errors import Unfit
from headwater.warehouse import documents
from headwater.warehouse.documents import ENTITIES

__all__ = ["ENTITIES", "LONGEST", "MOST", "STEPS", "Found", "Hit", "found"]

LONGEST = 500  # characters of a query
MOST = 100  # hits of one answer
STEPS: Mapping[str, str] = {
    "id": "the id, or a tax number",
    "phone": "the phone, however it is written",
    "email": "the e-mail address, or its domain",
    "name": "called exactly so",
    "title_words": "all words, in the title",
    "all_words": "all words",
    "similar_words": "all words, one or more of them spelt otherwise",
    "most_words": "all words but the commonest, or but those that are nowhere",
    "some_words": "some of the words, the rarer ones first",
}
"""How something is found, from strict to loose; from similar words on only while there are fewer than 5."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found: by which step, and what of the query, or which words of its own, matched."""

    entity: str
    id: str
    connection: str
    title: str | None
    at: datetime | None
    step: str
    matched: Sequence[str]


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, the best first; and how many each step brought, in the order in which they were taken."""

    hits: Sequence[Hit]
    steps: Mapping[str, int]


async def found(who: Looking, query: str, *, entity: str | None = None, limit: int = 20) -> Found:
    """What a query finds among the records that whoever looks may see. Raises Misasked for one that cannot be
    searched for: too long, or no text."""
    try:
        rows = await documents.search(who.warehouse, who.tenant, who.own, query, among=entity, most=limit)
    except Unfit as exc:
        raise Misasked("q", str(exc), help="Search for fewer words.") from exc
    hits = [Hit(**{name: value for name, value in row.items() if name != "place"}) for row in rows]
    return Found(hits, Counter(hit.step for hit in hits))
