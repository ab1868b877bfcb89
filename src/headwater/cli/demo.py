"""`headwater demo`: a portal, a database and the service; or, once, a sync and proof that both are equal."""

import asyncio
import contextlib
import os
import shlex
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from headwater.cli import say, status, sync
from headwater.cli.frame import AsJson, guarded, lived, settings
from headwater.cli.sandbox import Data, Fill, mapping
from headwater.cli.serve import listening, living
from headwater.core.errors import NeedsPerson
from headwater.core.settings import Settings
from headwater.sandbox.control import Control
from headwater.sync import hearing, plan, proof
from headwater.sync.compare import Comparison
from headwater.sync.overview import standings
from headwater.wiring import House, Link, Tenant, house

CHANGES = {"deal": 200, "lead": 100, "contact": 50, "company": 20}
"""What the company changes before the comparison, by entity."""
LOOK = """
  {headwater} status
  {headwater} db psql

    select pipeline_name, stage_name, count(*), sum(value), currency
      from deals group by 1, 2, 5 order by 1, 3 desc;

    select assigned_to_name, won, lost, win_rate, revenue, currency
      from v_top_managers order by revenue desc nulls last limit 10;

    select a.type, count(*), round(avg(a.duration_seconds)) as seconds, count(distinct a.deal_id) as deals
      from activities as a group by a.type order by 2 desc;

    select entity, external_id, seen_at, diff from headwater.history order by seen_at desc limit 10;
"""
TRUTHS = {
    "companies": "company",
    "contacts": "contact",
    "leads": "lead",
    "deals": "deal",
    "activities": "activity",
    "calls": "call",
    "products": "product",
    "lead_stage_history": "lead_stages",
    "deal_stage_history": "deal_stages",
}
"""What the portal calls the entities in its account of itself."""


@dataclass(frozen=True, slots=True)
class Portal:
    """The running sandbox portal of a demo."""

    webhook: str
    control_token: str

    @property
    def root(self) -> str:
        parts = urlsplit(self.webhook)
        return f"{parts.scheme}://{parts.netloc}"


def demo(
    once: Annotated[
        bool,
        typer.Option("--once", help="End after full sync, increment and comparison; exit code 0 if equal."),
    ] = False,
    deals: Annotated[int, typer.Option(min=1, max=1_000_000, help="Deals of the sandbox company.")] = 2000,
    fill: Fill = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Start a sandbox portal whose company works, and the service that keeps its data live.

    With --once: sync, and prove that both hold the same. Everything lives in ./.demo unless HEADWATER_HOME is
    set; delete it to start over.

    Examples: headwater demo · headwater demo --once · headwater demo --fill crm_maven --data ~/crm_maven
    """

    mapped = mapping(fill, data)

    async def work() -> dict[str, Comparison] | None:
        known = settings(home=None if os.environ.get("HEADWATER_HOME") else Path.cwd() / ".demo")
        if not once:
            await lived_in(known, deals=deals, fill=mapped, data=data)
            return None
        async with (
            house(known) as opened,
            sandbox(known.home, deals=deals, fill=mapped, data=data, working=0.0) as portal,
        ):
            return await show(opened, portal, name_of(fill), as_json=as_json)

    found = guarded(lambda: lived(work()), as_json=as_json, lasting=not once)
    if found is not None and not all(one.equal for one in found.values()):
        raise typer.Exit(say.DIFFERENT)


async def lived_in(known: Settings, *, deals: int, fill: Path | None, data: Path | None) -> None:
    """The service over a portal whose company works, until it is stopped."""
    known, listener = listening_somewhere(known)
    async with sandbox(known.home, deals=deals, fill=fill, data=data, working=1.0) as portal:

        async def connect(opened: House) -> None:
            link = await connected(opened, await opened.tenant(), portal, name_of(fill))
            await listened(opened, link, portal)
            say.line("demo_portal", url=portal.webhook)
            look(opened.settings)
            say.line("demo_working")

        await living(known, listener, worker=True, before=connect, inviting=True)


async def listened(opened: House, link: Link, portal: Portal) -> None:
    """The portal tells of every change, as one does whose people made an outgoing webhook."""
    await hearing.closed(opened.warehouse, link)  # those of demos before this one
    source = opened.source_of(link)
    try:
        here = await hearing.registered(opened.warehouse, opened.clock, link, source, opened.entrance())
    finally:
        await source.close()
    async with Control(portal.root, portal.control_token) as control:
        for handler in await control.handlers():
            await control.remove_handler(handler["id"])
        await control.add_handler(here.address, events=here.events)


def listening_somewhere(known: Settings) -> tuple[Settings, socket.socket]:
    """The port that is set; another one if it is taken and nobody set it."""
    try:
        return listening(known, host=None, port=None)
    except NeedsPerson:
        if "port" in known.model_fields_set:
            raise
        return listening(known, host=None, port=0)


async def show(opened: House, portal: Portal, slug: str, *, as_json: bool) -> dict[str, Comparison]:
    """Connects, syncs, and proves equality."""
    tenant = await opened.tenant()
    link = await connected(opened, tenant, portal, slug)
    if not as_json:
        say.line("demo_portal", url=portal.webhook)
    await synced(opened, link, as_json=as_json)
    return await proven(opened, tenant, link, portal, as_json=as_json)


async def proven(
    opened: House, tenant: Tenant, link: Link, portal: Portal, *, as_json: bool
) -> dict[str, Comparison]:
    """Lets the company work, reads the changes, and compares every field with the portal's own data."""
    async with Control(portal.root, portal.control_token) as control:
        changed = 0
        for entity, count in CHANGES.items():
            changed += len(await control.work(count, entity=entity))
        if not as_json:
            say.line("demo_changes", changes=changed)
        await opened.clock.sleep(plan.MARGIN.total_seconds() + 2)  # a window ends a little before now
        await synced(opened, link, as_json=as_json)
        [link] = await opened.links(tenant, link.slug)  # with what the source has learnt
        source = opened.source_of(link)
        truths = {slug: name for slug in source.entities if (name := truth_of(slug))}
        try:
            found = await proof.all_compared(
                opened.warehouse, link, source,
                {slug: control.truth(entity=name, listed=True) for slug, name in truths.items()},
            )  # fmt: skip
        finally:
            await source.close()
    if as_json:
        say.json({slug: asdict(one) | {"equal": one.equal} for slug, one in found.items()})
        return found
    status.show(await standings(opened.warehouse, tenant.id, [link]))
    verdict(found)
    look(opened.settings)
    return found


def truth_of(slug: str) -> str | None:
    """What the portal calls an entity in its account of itself; None when it gives none."""
    if slug.startswith("items_"):
        number, _, history = slug.removeprefix("items_").partition("_")
        return f"dynamic_{number}" + ("_stages" if history else "")
    return TRUTHS.get(slug)


def verdict(found: dict[str, Comparison]) -> None:
    """Equal or not, and the first differences."""
    if all(one.equal for one in found.values()):
        records, fields = sum(one.compared for one in found.values()), sum(o.fields for o in found.values())
        say.line("demo_equal", records=say.number(records), fields=say.number(fields))
        return
    for slug, one in found.items():
        if not one.equal:
            say.line(
                "demo_differs", entity=slug, missing=len(one.missing), extra=len(one.extra),
                differing=one.differing, records=one.compared,
            )  # fmt: skip
        for id, field, theirs, ours in one.differences:
            say.line("demo_difference", id=f"{slug} {id}", field=field, theirs=theirs, ours=ours)


def look(known: Settings) -> None:
    """What to look at now."""
    home = known.home
    with contextlib.suppress(ValueError):
        home = home.relative_to(Path.cwd())
    program = Path(sys.argv[0])
    with contextlib.suppress(ValueError):
        program = program.relative_to(Path.cwd())
    say.line("demo_look")
    say.plain(LOOK.format(headwater=f"HEADWATER_HOME={shlex.quote(str(home))} {shlex.quote(str(program))}"))


async def synced(opened: House, link: Link, *, as_json: bool) -> None:
    found = await sync.once(opened, connection=link.slug, quiet=as_json)
    if not as_json:
        sync.show(found, as_json=False)
    await sync.worked_in(opened, connection=link.slug, quiet=as_json)


async def connected(opened: House, tenant: Tenant, portal: Portal, slug: str) -> Link:
    """The demo's connection; the portal has another port at each start."""
    try:
        known = [link.slug for link in await opened.links(tenant)]
    except NeedsPerson:
        known = []
    await opened.unasked(urlsplit(portal.webhook).netloc)
    link, _ = await opened.connect(tenant, "bitrix24", portal.webhook, slug=slug, moved=slug in known)
    return link


def name_of(fill: Path | str | None) -> str:
    """One connection, and one schema, for each kind of data."""
    if fill is None:
        return "bitrix24"
    return (
        "bitrix24_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in Path(fill).stem.lower())[:30]
    )


@asynccontextmanager
async def sandbox(
    home: Path, *, deals: int, fill: Path | None, data: Path | None, working: float
) -> AsyncIterator[Portal]:
    """A sandbox portal in a process of its own, kept in the demo's home; it ends with us."""
    await asyncio.to_thread(home.mkdir, mode=0o700, parents=True, exist_ok=True)
    words: list[Any] = [
        "sandbox",
        "bitrix24",
        "--with-parent",
        "--deals",
        deals,
        "--working",
        working,
    ]
    words += ["--store", home / f"portal_{name_of(fill)}.sqlite"]
    if fill is not None:
        words += ["--fill", fill]
    if data is not None:
        words += ["--data", data]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headwater", *map(str, words),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout  # noqa: S101 (asked for above)
        webhook = (await process.stdout.readline()).decode().strip()
        token = (await process.stdout.readline()).decode().strip().rpartition(" ")[2]
        if not webhook:
            raise NeedsPerson("the sandbox portal did not start; its words are above")
        yield Portal(webhook, token)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
