"""Records of the tenant: lists with filters and orders, one record with its links and its history."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from headwater.access.keys import Caller
from headwater.analytics import questions, records
from headwater.analytics.questions import Named, Question
from headwater.analytics.records import COUNTED, Listed, Looking, Several, Single
from headwater.api import recordpaper
from headwater.api.accesses import Noting
from headwater.api.callers import Looker, Opened
from headwater.api.links import links_of
from headwater.api.paging import After
from headwater.api.problems import Refusal, absent
from headwater.wiring import House

PAGE, MOST = 100, 1000
OURS = frozenset({"fields", "order", "after", "limit", "count", "connection", "format", "delimiter", "bom"})
"""Words of a query that are no filters."""

router = APIRouter(tags=["records"])

Entity = Annotated[str, Path(max_length=64, description="deals, deal, … or items_177", examples=["deals"])]
Id = Annotated[str, Path(max_length=200, description="The record's id in its CRM.", examples=["7"])]
Connection = Annotated[
    str | None, Query(max_length=64, description="Only of this connection; by itself of all of them.")
]
Process = Annotated[
    str | None, Query(max_length=40, description="Of items: which smart process, where the id is not enough.")
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Rows of one answer.")]
Fields = Annotated[str | None, Query(max_length=2000, description="Only these, by commas: id,title,value")]
Order = Annotated[
    str | None, Query(max_length=64, description="A field that lists are ordered by; with - from the end.")
]


def meant(entity: Entity) -> Named:
    """The listing a caller names."""
    found = questions.listing_of(entity)
    if found is None:
        raise absent(f"there are no records {entity!r}; there are: {', '.join(questions.LISTINGS)}")
    return found


Meant = Annotated[Named, Depends(meant)]


def looking(who: Looker, house: Opened) -> Looking:
    return Looking(house.warehouse, who.tenant, who.own)


Sight = Annotated[Looking, Depends(looking)]


async def asked(
    request: Request, named: Meant, who: Looker, house: Opened,
    fields: Fields = None, order: Order = None, connection: Connection = None,
) -> Question:  # fmt: skip
    """The question of a request. 422 names what cannot be asked, and what can."""
    filters = [(word, text) for word, text in request.query_params.multi_items() if word not in OURS]
    if named.process is not None:
        filters.append(("process", named.process))
    link = None if connection is None else (await links_of(house, who.tenant, connection))[0]
    return questions.question(
        named.listing, filters, fields=fields, order=order, connection=link.id if link else None
    )


Asked = Annotated[Question, Depends(asked)]


@router.get("/api/v1/records", summary="What can be asked of records", responses=recordpaper.CATALOGUE)
async def catalogue(who: Looker) -> Response:  # noqa: ARG001 (only who may look is told)
    """Every kind of records, its fields with what they hold and how they are compared, the orders its lists
    come in, and what belongs to one of them."""
    return answered({"records": [recordpaper.described(name) for name in questions.LISTINGS]})


@router.get(
    "/api/v1/records/{entity}", summary="Records of a kind",
    responses=recordpaper.LIST, openapi_extra=recordpaper.FILTERS,
)  # fmt: skip
async def listed(
    who: Sight, note: Noting, question: Asked, after: After = None, limit: Limit = PAGE,
    count: Annotated[bool, Query(description=f"Also the `total`, up to {COUNTED:,}.")] = False,
) -> Response:  # fmt: skip
    """A page of the records the caller sees, the newest first, or in another declared order; records without
    a value in it come last. Ask on with `after=` the `next` of the last answer: no record that stays as it is
    comes twice or is left out, whatever changes meanwhile. Filters are fields: `stage=C3:WON`,
    `value.gte=1000`, `assigned_to.in=5,6`, `closed_at.null=true`, `title.contains=roof`; `/api/v1/records`
    lists them all. Amounts are text with all digits."""
    found = await records.listed(who, question, limit=limit, after=after, counted=count)
    await note("list", question.listing, len(found.rows))
    return answered(_page(question, found))


@router.get("/api/v1/records/{entity}/{id}", summary="One record", responses=recordpaper.ONE)
async def one(
    who: Sight, caller: Looker, house: Opened, note: Noting, named: Meant, id: Id,
    connection: Connection = None, process: Process = None,
    source_fields: Annotated[
        bool, Query(description="Also every field under the name its source gives it.")
    ] = False,
) -> Response:  # fmt: skip
    """The record whole, its custom fields among it, and the first rows of everything that belongs to it:
    contacts, companies, activities, products, comments, stages. `next` of a kind goes on at
    `/api/v1/records/{entity}/{id}/links/{kind}`."""
    single = await _single(who, caller, house, named, id, connection, process)
    found = await records.one(who, single, source_fields=source_fields)
    if found is None:
        raise _no_such(single.listing, id)
    await note("read", single.listing, 1)
    answer: dict[str, Any] = {
        "record": row(single.listing, found["record"]),
        "links": {
            kind: {
                "records": rows(records.listing_behind(single.listing, kind), each.rows),
                "next": each.next,
                "more": each.next is not None,
            }
            for kind, each in found["links"].items()
        },
    }
    if source_fields:
        answer["source_fields"] = _json(found["source_fields"])
    return answered(answer)


@router.get(
    "/api/v1/records/{entity}/{id}/links/{kind}",
    summary="What belongs to a record",
    responses=recordpaper.LIST,
)
async def related(
    who: Sight, caller: Looker, house: Opened, note: Noting, named: Meant, id: Id,
    kind: Annotated[str, Path(max_length=64, description="One of its `links`.", examples=["activities"])],
    connection: Connection = None, process: Process = None, after: After = None, limit: Limit = PAGE,
) -> Response:  # fmt: skip
    """A page of the rows of one kind that belong to a record."""
    single = await _single(who, caller, house, named, id, connection, process)
    kinds = records.kinds_of(single.listing)
    if kind not in kinds:
        raise absent(f"{single.listing} have no links {kind!r}; they have: {', '.join(kinds) or 'none'}")
    found = await records.related(who, single, kind, limit=limit, after=after)
    if found is None:
        raise _no_such(single.listing, id)
    behind = records.listing_behind(single.listing, kind)
    await note("list", behind, len(found.rows))
    return answered({"records": rows(behind, found.rows), "next": found.next, "more": found.next is not None})


@router.get(
    "/api/v1/records/{entity}/{id}/history", summary="What became of a record", responses=recordpaper.HISTORY
)
async def history(
    who: Sight, caller: Looker, house: Opened, note: Noting, named: Meant, id: Id,
    connection: Connection = None, process: Process = None, after: After = None, limit: Limit = PAGE,
) -> Response:  # fmt: skip
    """Every change that was seen since the record is here, the newest first: when, how it became known, and
    each field that changed with its old and its new value."""
    single = await _single(who, caller, house, named, id, connection, process)
    found = await records.history(who, single, limit=limit, after=after)
    if found is None:
        raise _no_such(single.listing, id)
    await note("read", single.listing, 1)
    changes = [
        {
            "seen_at": one["seen_at"],
            "seen_by": one["seen_by"],
            "run": one["run_id"],
            "diff": _json(one["diff"]),
        }
        for one in found.rows
    ]
    return answered({"history": changes, "next": found.next, "more": found.next is not None})


async def _single(
    who: Looking, caller: Caller, house: House, named: Named, id: str,
    connection: str | None, process: str | None,
) -> Single:  # fmt: skip
    if not records.is_single(named.listing):
        raise absent(
            f"{named.listing} have no ids of their own: ask /api/v1/records/{named.listing} for a list"
        )
    if "\0" in id:
        raise _no_such(named.listing, id)
    links = await links_of(house, caller.tenant, connection)
    try:
        found = await records.single_of(who, links, named.listing, id, process=named.process or process)
    except Several as exc:
        where = ", ".join(f"{one.link.slug} ({one.entity})" for one in exc.found)
        raise Refusal(
            422, "not-unique", f"several {named.listing} have the id {id!r}: in {where}",
            help="Name one in `connection`, of items also in `process`.",
        ) from exc  # fmt: skip
    if found is None:
        raise _no_such(named.listing, id)
    return found


def _no_such(listing: str, id: str) -> Refusal:
    return absent(f"there is no record {id!r} among the {listing}, or it is not yours to see")


def _page(question: Question, found: Listed) -> dict[str, Any]:
    page: dict[str, Any] = {
        "records": rows(question.listing, found.rows),
        "next": found.next,
        "more": found.next is not None,
    }
    if found.total is not None:
        page |= {"total": found.total, "total_exact": found.total < COUNTED}
    return page


def rows(listing: str, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for the outside."""
    documents = records.documents(listing)
    return [_row(documents, one) for one in found]


def row(listing: str, found: Mapping[str, Any]) -> dict[str, Any]:
    return _row(records.documents(listing), found)


def _row(documents: Iterable[str], found: Mapping[str, Any]) -> dict[str, Any]:
    """JSON goes on as it is kept: every digit of it."""
    shown = dict(found)
    for name in documents:
        if shown.get(name) is not None:
            shown[name] = orjson.Fragment(shown[name])
    return shown


def _json(text: str | None) -> Any:
    return None if text is None else orjson.Fragment(text)


def answered(found: Any) -> Response:
    """An answer of JSON, its times in UTC."""
    return Response(orjson.dumps(found, option=orjson.OPT_UTC_Z), media_type="application/json")
