"""`headwater sync`: brings connections up to date, once or for as long as it runs."""

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.progress import Progress
from headwater.cli.texts import text
from headwater.core.errors import RetryLater
from headwater.sync.engine import Run
from headwater.wiring import House

Full = Annotated[bool, typer.Option("--full", help="Read everything again, not only what changed.")]
Watch = Annotated[
    float | None, typer.Option("--watch", min=1.0, help="Go on: look for changes every so many seconds.")
]


@dataclass(frozen=True, slots=True)
class Synced:
    """One run of one entity, for people and programs."""

    connection: str
    entity: str
    sync_type: str
    read: int
    created: int
    updated: int
    same: int
    failed: int
    requests: int
    seconds: float
    source_records: int | None
    notes: dict[str, Any]


def sync(
    full: Full = False,
    watch: Watch = None,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Bring connections up to date: everything the first time, then what changed.

    Cut short in any way, the next run goes on after the last stored page.

    Examples: headwater sync · headwater sync --watch 60 · headwater sync --full --connection bitrix24
    """

    async def work(house: House) -> list[Synced]:
        found = await once(house, tenant=tenant, connection=connection, full=full, quiet=as_json)
        show(found, as_json=as_json)
        while watch is not None:
            await asyncio.sleep(watch)
            try:
                more = await once(house, tenant=tenant, connection=connection, quiet=True)
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
    full: bool = False,
    quiet: bool = False,
) -> list[Synced]:
    """One run over the chosen connections."""
    owner = await house.tenant(tenant)
    found: list[Synced] = []
    for link in await house.links(owner, connection):
        source = house.source_of(link)
        started = time.monotonic()
        try:
            with Progress(quiet=quiet) as progress:
                runs = await house.engine(progress).sync(link, source, full=full)
        finally:
            await source.close()
        found += [_synced(link.slug, one, time.monotonic() - started) for one in runs]
    return found


def show(found: list[Synced], *, as_json: bool) -> None:
    """What became of the runs."""
    if as_json:
        say.json([asdict(one) for one in found])
        return
    for one in found:
        facts = {name: say.number(value) for name, value in asdict(one).items() if isinstance(value, int)}
        say.line("synced", **{**asdict(one), **facts, "seconds": f"{one.seconds:.1f}"})
        for name, note in one.notes.items():
            say.line("noted", field=name, **note)


def _synced(connection: str, run: Run, seconds: float) -> Synced:
    return Synced(
        connection, run.entity, run.reading.sync_type, run.before + run.read, run.stored.created,
        run.stored.updated, run.stored.same + run.stored.older, run.stored.failed, run.requests,
        round(seconds, 3), run.expected, run.notes,
    )  # fmt: skip
