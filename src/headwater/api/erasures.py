"""Erasing one person by the API: wished for here, done by a worker, and certified."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from headwater.access.whom import MOST, Whom
from headwater.api.callers import Administrator, Opened
from headwater.api.once import OnceRoute
from headwater.api.problems import Refusal, absent
from headwater.core.errors import NeedsPerson
from headwater.wiring import Erasure, eraser, rights_wished

router = APIRouter(tags=["privacy"], route_class=OnceRoute)

Word = Annotated[str, Field(min_length=1, max_length=320)]
Words = Annotated[list[Word], Field(max_length=MOST)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="The number that the wish answered with.")]


class Wish(BaseModel):
    """One person, by what he is known by. With `dry_run` (as it is unless you say otherwise) what there is of
    him is counted, and nothing is changed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"emails": ["ivan@example.com"], "contacts": ["bitrix24:12"], "dry_run": False}]
        },
    )

    emails: Words = []
    phones: Words = []
    contacts: Words = []
    leads: Words = []
    users: Words = []
    dry_run: Annotated[bool, Field(strict=True)] = True


@router.post(
    "/api/v1/erasures",
    status_code=202,
    summary="Erase one person, or count what there is of him",
    response_description="The erasure's number, and where to see what became of it.",
)
async def wish(wished: Wish, who: Administrator, house: Opened, response: Response) -> dict[str, Any]:
    """A worker does it. Ids of records are `ID` or `CONNECTION:ID`, as there may be several connections. The
    source itself has to be told, too."""
    whom = Whom(wished.emails, wished.phones, wished.contacts, wished.leads, wished.users)
    works = eraser(house)
    try:
        number = await works.ask(who.tenant, whom, dry_run=wished.dry_run, by=who.name)
    except NeedsPerson as exc:
        raise Refusal(422, "not-understood", str(exc)) from exc
    await rights_wished(house)
    response.headers["location"] = _place(number)
    return described(await works.one(who.tenant, number))


@router.get("/api/v1/erasures", summary="Erasures, the newest first")
async def listed(
    who: Administrator,
    house: Opened,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> dict[str, Any]:
    """`before`: only those with a lower number."""
    found = await eraser(house).listed(who.tenant, limit=limit, before=before)
    return {"erasures": [described(one) for one in found]}


@router.get("/api/v1/erasures/{number}", summary="One erasure, with its certificate")
async def one(number: Number, who: Administrator, house: Opened) -> dict[str, Any]:
    """The certificate holds no personal data: digests, counts, where he was searched for, what was not
    reached. `status` is `left` where something of him was found afterwards."""
    try:
        return described(await eraser(house).one(who.tenant, number))
    except NeedsPerson as exc:
        raise absent(str(exc)) from exc


def described(one: Erasure) -> dict[str, Any]:
    """An erasure for the outside."""
    return {
        "id": one.id,
        "status": one.status,
        "dry_run": one.dry_run,
        "asked_by": one.asked_by,
        "asked_at": one.asked_at,
        "ended_at": one.ended_at,
        "lifted_at": one.lifted_at,
        "found": one.found,
        "emptied": one.counts,
        "certificate": one.certificate,
        "error": one.error,
        "watch": _place(one.id),
    }


def _place(number: int) -> str:
    return f"/api/v1/erasures/{number}"
