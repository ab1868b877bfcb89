"""`headwater sync`: brings connections up to date, once or for as long as it runs; or records named by id."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.ids import EntityName, ids_of
from headwater.cli.progress import Progress
from headwater.cli.texts import text
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.words import entity_of
from headwater.sync.runs import Run
from headwater.wiring import House, followed

SHOWN = 20  # refused ids are told one by one up to here

Full = Annotated[bool, typer.Option("--full", help="Read everything again, not only what changed.")]
Watch = Annotated[
    float | None, typer.Option("--watch", min=1.0, help="Go on: look for changes every so many seconds.")
]
Ids = Annotated[
    list[str] | None,
    typer.Option("--ids", help="Read only these records again: 5,7,9; - takes them from standard input."),
]


@dataclass(frozen=True, slots=True)
class Synced:
    """One run of one entity, for people and programs. `again`: records that were due and read beside it;
    `sets`: for how many records what belongs to them was written, and how many rows that were."""

    connection: str
    entity: str
    sync_type: str
    read: int
    created: int
    updated: int
    same: int
    failed: int
    again: int
    requests: int
    seconds: float
    source_records: int | None
    notes: dict[str, Any]
    sets: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class SyncedIds:
    """What became of records named by id. `stored` counts those that are here now as the source has them."""

    connection: str
    entity: str
    asked: int
    read: int
    stored: int
    created: int
    updated: int
    failed: int
    gone: int
    hidden: int
    refused: dict[str, str]
    requests: int
    seconds: float
    notes: dict[str, Any]


def sync(
    full: Full = False,
    watch: Watch = None,
    ids: Ids = None,
    entity: EntityName = None,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Bring connections up to date: everything the first time, then what changed.

    Cut short in any way, the next run goes on after the last stored page. With --ids, only these records are
    read again, whatever their times say; those the portal does not have any more move to headwater.gone.

    Examples: headwater sync · headwater sync --watch 60 · headwater sync --full --connection bitrix24 ·
    headwater sync --entity leads · headwater sync --ids 5,7,9 · headwater sync --entity deal --ids - < ids
    """
    if ids is not None:
        if full or watch is not None:
            raise typer.BadParameter("--ids goes with neither --full nor --watch")
        _sync_ids(ids_of(ids), entity or "deals", tenant, connection, as_json=as_json)
        return

    async def work(house: House) -> list[Synced]:
        found = await once(
            house, tenant=tenant, connection=connection, entity=entity, full=full, quiet=as_json
        )
        show(found, as_json=as_json)
        await worked_in(house, tenant=tenant, connection=connection, quiet=as_json)
        while watch is not None:
            await asyncio.sleep(watch)
            try:
                more = await once(house, tenant=tenant, connection=connection, entity=entity, quiet=True)
                await worked_in(house, tenant=tenant, connection=connection, quiet=True)
            except RetryLater as exc:
                say.errors.print(text("later", message=exc), markup=False)
                continue
            show([one for one in more if one.created or one.updated or one.failed], as_json=as_json)
        return found

    found = run(work, as_json=as_json, lasting=watch is not None)
    if any(one.failed for one in found):
        raise typer.Exit(say.ASIDE)


async def once(
    house: House,
    *,
    tenant: str | None = None,
    connection: str | None = None,
    entity: str | None = None,
    full: bool = False,
    quiet: bool = False,
) -> list[Synced]:
    """One run over the chosen connections, and over everything there or one entity of it."""
    owner = await house.tenant(tenant)
    found: list[Synced] = []
    for link in await house.connected(owner, connection):
        source = house.source_of(link)
        started = time.monotonic()
        try:
            with Progress(quiet=quiet) as progress:
                entities = None if entity is None else [entity_of(entity, source.entities)]
                runs = await house.engine(progress).sync(link, source, full=full, entities=entities)
        finally:
            await source.close()
        found += [_synced(link.slug, one, time.monotonic() - started) for one in runs]
    return found


async def worked_in(
    house: House, *, tenant: str | None = None, connection: str | None = None, quiet: bool = False
) -> None:
    """What is derived from the rows of the chosen connections is brought up to date, as a worker does it."""
    for link in await house.connected(await house.tenant(tenant), connection):
        if not quiet:
            say.errors.print(text("following", connection=link.slug), markup=False)
        await followed(house, link)


def show(found: list[Synced], *, as_json: bool) -> None:
    """What became of the runs."""
    if as_json:
        say.json([asdict(one) for one in found])
        return
    for one in found:
        say.line("synced", **_facts(one))
        if one.again:
            say.line("synced_again", entity=one.entity, again=say.number(one.again))
        for slug, read in one.sets.items():
            if read["sets"]:
                say.line("synced_sets", entity=one.entity, slug=slug, **read)
        _show_notes(one.notes)


def _synced(connection: str, run: Run, seconds: float) -> Synced:
    return Synced(
        connection, run.entity, run.reading.sync_type, run.before + run.read, run.stored.created,
        run.stored.updated, run.stored.same + run.stored.older, run.stored.failed, run.again, run.requests,
        round(seconds, 3), run.expected, run.notes,
        {slug: {"sets": kept.changed, "rows": kept.rows} for slug, kept in run.sets.items()},
    )  # fmt: skip


def _sync_ids(
    ids: Sequence[str], word: str, tenant: str | None, connection: str | None, *, as_json: bool
) -> None:
    async def work(house: House) -> SyncedIds:
        owner = await house.tenant(tenant)
        links = await house.links(owner, connection)
        if len(links) > 1:
            names = ", ".join(link.slug for link in links)
            raise NeedsPerson(f"ids belong to one connection; there are {names}: name one with --connection")
        source = house.source_of(links[0])
        started = time.monotonic()
        try:
            entity = entity_of(word, source.entities)
            with Progress(quiet=as_json) as progress:
                made = await house.engine(progress).sync_ids(links[0], source, entity, ids)
        finally:
            await source.close()
        await worked_in(house, tenant=tenant, connection=links[0].slug, quiet=as_json)
        return _synced_ids(links[0].slug, made, len(ids), time.monotonic() - started)

    found = run(work, as_json=as_json)
    _show_ids(found, as_json=as_json)
    if found.refused:
        raise typer.Exit(say.DIFFERENT)
    if found.failed:
        raise typer.Exit(say.ASIDE)


def _synced_ids(connection: str, run: Run, asked: int, seconds: float) -> SyncedIds:
    stored = run.stored
    return SyncedIds(
        connection, run.entity, asked, run.read, stored.created + stored.updated + stored.same + stored.older,
        stored.created, stored.updated, stored.failed, len(run.reread.gone), len(run.reread.hidden),
        run.reread.refused, run.requests, round(seconds, 3), run.notes,
    )  # fmt: skip


def _show_ids(found: SyncedIds, *, as_json: bool) -> None:
    if as_json:
        say.json(asdict(found))
        return
    say.line("synced_ids", **_facts(found))
    for reason in list(found.refused.values())[:SHOWN]:
        say.line("refused_id", reason=reason)
    if len(found.refused) > SHOWN:
        say.line("refused_more", count=say.number(len(found.refused) - SHOWN))
    _show_notes(found.notes)


def _show_notes(notes: dict[str, Any]) -> None:
    for name, note in notes.items():
        say.line("noted" if note["count"] else "noted_whole", field=name, **note)


def _facts(found: Synced | SyncedIds) -> dict[str, Any]:
    numbers = {name: say.number(value) for name, value in asdict(found).items() if isinstance(value, int)}
    return {**asdict(found), **numbers, "seconds": f"{found.seconds:.1f}"}
