"""The tenant's connections: what there is, connecting, pausing, and what each of them brings."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from headwater import wiring
from headwater.access import disconnecting
from headwater.access.keys import Caller
from headwater.api import standing
from headwater.api.callers import Administrator, Opened, Reader
from headwater.api.links import links_of
from headwater.api.once import OnceRoute
from headwater.api.problems import Refusal, absent
from headwater.core.errors import NeedsPerson
from headwater.core.words import entity_of
from headwater.sync import config
from headwater.sync.fields import Column, fields_of
from headwater.sync.live import Living, living
from headwater.sync.overview import standings
from headwater.wiring import House, Link

CONNECT_SECONDS = 60.0
LONGEST_CA = 100_000
WAIT_SECONDS = 3

router = APIRouter(tags=["connections"], route_class=OnceRoute)

Slug = Annotated[str, Path(max_length=64, description="The connection's name.", examples=["bitrix24"])]


class Application(BaseModel):
    """The keys of an application on a portal."""

    model_config = ConfigDict(extra="forbid")

    portal: str = Field(max_length=300, description="https://acme.bitrix24.ru")
    client_id: str = Field(max_length=300)
    client_secret: SecretStr = Field(max_length=300)
    refresh_token: SecretStr = Field(
        max_length=1000, description="It works once; what it is exchanged for is kept."
    )
    server: str = Field("", max_length=300, description="The authorization server; by itself Bitrix24's own.")


class Connecting(BaseModel):
    """An outside system: its `url`, or the keys of an `app` there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"source": "bitrix24", "url": "https://acme.bitrix24.ru/rest/1/s3cr3t/"}]
        },
    )

    source: str = Field("bitrix24", max_length=64)
    url: SecretStr | None = Field(None, max_length=500, description="For Bitrix24 an inbound webhook.")
    app: Application | None = None
    connection: str | None = Field(
        None, max_length=41, description="Names the connection and the schema of its typed tables."
    )
    moved: bool = Field(False, strict=True, description="It is known, and this is its portal's new address.")
    ca: str | None = Field(
        None,
        max_length=LONGEST_CA,
        description="PEM of a private authority, trusted instead of the public ones.",
    )
    proxy: SecretStr | None = Field(
        None,
        max_length=500,
        description="Where one company has the service to itself: http://user:password@host:port.",
    )
    allow_private: bool = Field(
        False,
        strict=True,
        description="Where one company has the service to itself: it may be in a private network.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Connecting":
        if (self.url is None) == (self.app is None):
            raise ValueError("give either url, or app")
        return self


class Pausing(BaseModel):
    """Why nothing is to be done by itself."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "the portal moves"}]}
    )

    reason: str | None = Field(None, max_length=200)


@router.get("/api/v1/connections", summary="The connections there are")
async def listed(who: Reader, house: Opened) -> dict[str, Any]:
    """Of each: whose account it reaches, what it may see and lacks, how it learns of changes, whether it is
    paused. Credentials are told to nobody."""
    links = await house.kept(who.tenant)
    now = house.clock.now()
    return {
        "connections": [_connection(one, now) for one in await living(house.warehouse, who.tenant, links)]
    }


@router.get("/api/v1/connections/{connection}", summary="One connection")
async def one(connection: Slug, who: Reader, house: Opened) -> dict[str, Any]:
    """As in the list."""
    return await _one(house, who, connection)


@router.post("/api/v1/connections", status_code=201, summary="Connect an outside system")
async def connect(wanted: Connecting, who: Administrator, house: Opened) -> dict[str, Any]:
    """Tries the address and its rights, and keeps both encrypted; the first sync begins at once. The same
    portal again gets new credentials and keeps its data. `missing` are rights that somebody has to add there.
    Addresses that are not in the public internet are refused, at every request and every redirect; an
    administrator of a service that has one company alone may allow them."""
    await _may(house, wanted)
    network = wiring.network_of(
        wanted.ca, _open(wanted.proxy), allow_private=wanted.allow_private, this_machine=False
    )
    tenant = await house.known(who.tenant)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            link, account = await house.connect(
                tenant, wanted.source, _credentials(house, wanted),
                slug=wanted.connection, moved=wanted.moved, network=network,
            )  # fmt: skip
    except TimeoutError as exc:
        raise Refusal(
            503, "later", f"{wanted.source} did not answer within {CONNECT_SECONDS:g} seconds",
            headers={"retry-after": "30"},
        ) from exc  # fmt: skip
    told = {name: value for name, value in asdict(account).items() if name != "key"}
    return await _one(house, who, link.slug) | {"account": told}


@router.post("/api/v1/connections/{connection}/pause", summary="Leave a connection alone")
async def pause(
    connection: Slug, who: Administrator, house: Opened, pausing: Pausing | None = None
) -> dict[str, Any]:
    """Nothing is done for it by itself from now on; its data stays, its events are kept, and what a person
    asks for is done."""
    [link] = await links_of(house, who.tenant, connection)
    reason = (pausing and pausing.reason) or f"paused by {who.name}"
    await config.pause(house.warehouse, who.tenant, link.id, reason=reason, now=house.clock.now())
    return await _one(house, who, connection)


@router.post("/api/v1/connections/{connection}/resume", summary="Have a connection live again")
async def resume(connection: Slug, who: Administrator, house: Opened) -> dict[str, Any]:
    """What became due meanwhile is done once."""
    [link] = await links_of(house, who.tenant, connection)
    await config.resume(house.warehouse, who.tenant, link.id, now=house.clock.now())
    return await _one(house, who, connection)


@router.delete("/api/v1/connections/{connection}", summary="Give a connection up")
async def disconnect(
    connection: Slug,
    who: Administrator,
    house: Opened,
    delete_data: Annotated[bool, Query(description="Also everything that was read from it.")] = False,
) -> dict[str, Any]:
    """Nothing is read from now on, no event is let in, its credentials are erased. What was stored stays,
    unless `delete_data` is said; `deleted` counts its rows by table. Connecting the same portal brings it
    back. 503 while it is being synced."""
    [link] = await links_of(house, who.tenant, connection)
    gone = await disconnecting.disconnect(
        house.warehouse, link, by=who.name, now=house.clock.now(), delete_data=delete_data,
        wait_seconds=WAIT_SECONDS,
    )  # fmt: skip
    return {"connection": link.slug, "deleted": gone}


@router.get("/api/v1/connections/{connection}/entities", summary="What a connection brings")
async def entities(connection: Slug, who: Reader, house: Opened) -> dict[str, Any]:
    """Every entity that was synced: how many records are here and in the source, how old they may be at
    worst, and how many fields it has."""
    [link] = await links_of(house, who.tenant, connection)
    now = house.clock.now()
    found = []
    for each in await standings(house.warehouse, who.tenant, [link]):
        fields = await fields_of(house.warehouse, who.tenant, link.id, each.entity)
        found.append(
            standing.of_entity(each, now) | {"fields": sum(field.removed_at is None for field in fields)}
        )
    return {"connection": link.slug, "at": now, "entities": found}


@router.get("/api/v1/connections/{connection}/entities/{entity}", summary="An entity and its fields")
async def entity(
    connection: Slug,
    entity: Annotated[str, Path(max_length=64, description="deals, deal, …", examples=["deals"])],
    who: Reader,
    house: Opened,
) -> dict[str, Any]:
    """Each field with its name in the source, its column, what people call it, what it holds, its privacy
    class (plain, personal, free_text, secret), and whether the connection's privacy mode keeps it."""
    [link] = await links_of(house, who.tenant, connection)
    found = {one.entity: one for one in await standings(house.warehouse, who.tenant, [link])}
    try:
        name = entity_of(entity, found)
    except NeedsPerson as exc:
        raise absent(str(exc)) from exc
    fields = await fields_of(house.warehouse, who.tenant, link.id, name)
    told = standing.of_entity(found[name], house.clock.now())
    return {"connection": link.slug, **told, "fields": [_field(one) for one in fields]}


async def _may(house: House, wanted: Connecting) -> None:
    if (wanted.allow_private or wanted.proxy is not None) and not await house.alone():
        what = "allow_private" if wanted.allow_private else "proxy"
        raise Refusal(
            403, "not-allowed", f"{what}: several companies share this service; its network is not theirs",
            help="Whoever runs the service connects it there: headwater connect … --allow-private or --proxy",
        )  # fmt: skip


def _credentials(house: House, wanted: Connecting) -> str:
    if wanted.app is None:
        return _open(wanted.url) or ""
    app = wanted.app
    return house.application(
        wanted.source,
        portal=app.portal,
        client_id=app.client_id,
        client_secret=app.client_secret.get_secret_value(),
        refresh_token=app.refresh_token.get_secret_value(),
        server=app.server,
    )


def _open(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


async def _one(house: House, who: Caller, slug: str) -> dict[str, Any]:
    links = await links_of(house, who.tenant, slug)
    [found] = await living(house.warehouse, who.tenant, links)
    return _connection(found, house.clock.now())


def _connection(one: Living, now: datetime) -> dict[str, Any]:
    link = one.link
    told = standing.of_connection(one, now)
    del told["entities"]
    account = {name: link.account.get(name) for name in ("person", "admin", "scopes", "missing")}
    return told | {
        "privacy": link.privacy,
        "disconnected": link.disconnected,
        "account": account,
        "network": _network(link),
    }


def _network(link: Link) -> dict[str, bool]:
    """What is particular about it; an address of a proxy may hold a login."""
    return {
        "ca": "ca" in link.settings,
        "proxy": "proxy" in link.settings,
        "allow_private": link.settings.get("allow_private") is True,
    }


def _field(one: Column) -> dict[str, Any]:
    return {
        "name": one.field,
        "column": one.name,
        "label": one.label,
        "kind": one.kind.value,
        "type": one.type,
        "custom": one.custom,
        "privacy": one.privacy,
        "kept": not one.withheld,
        "removed_at": one.removed_at,
    }
