"""Search over records, for whoever may look at them."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from headwater.analytics import search
from headwater.analytics.search import ENTITIES, LONGEST, MOST, STEPS
from headwater.api.accesses import Noting
from headwater.api.problems import Refusal
from headwater.api.records import Sight
from headwater.core.errors import NeedsPerson
from headwater.core.words import entity_of

router = APIRouter(tags=["records"])


@router.get("/api/v1/search", summary="Records by words, phones, addresses and ids")
async def searched(
    who: Sight,
    note: Noting,
    q: Annotated[
        str,
        Query(
            min_length=1, max_length=LONGEST, pattern=r"^[^\x00]*$",
            description="Words in any form, a phone however written, an e-mail or its domain, an id.",
            examples=["договор поставки"],
        ),
    ],
    entity: Annotated[
        str | None, Query(max_length=64, description=f"Only of these: {', '.join(ENTITIES)}.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Hits of one answer.")] = 20,
) -> dict[str, Any]:  # fmt: skip
    """What the caller sees of it, strict to loose: `step` says how a hit was found and `matched` by what;
    `steps` counts them in the order in which they were taken. Looser steps are taken only while there are
    fewer than five hits, so that a loose hit is never a better one's place."""
    among = _among(entity)
    found = await search.found(who, q, entity=among, limit=limit)
    await note("search", among, len(found.hits))
    steps = [{"step": step, "means": STEPS[step], "hits": count} for step, count in found.steps.items()]
    return {"query": q, "hits": [asdict(hit) for hit in found.hits], "steps": steps}


def _among(entity: str | None) -> str | None:
    try:
        return None if entity is None else entity_of(entity, ENTITIES)
    except NeedsPerson as exc:
        raise Refusal(422, "not-understood", f"entity: {exc}", help="Leave it out to search all.") from exc
