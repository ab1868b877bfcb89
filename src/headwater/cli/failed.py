"""`headwater failed`: what could not be stored, why, and trying it again or letting it go."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.ids import EntityName
from headwater.cli.texts import text
from headwater.sync.overview import failure, failures
from headwater.sync.queue import Choice, Discarded, chosen, discarded
from headwater.sync.replay import Replayed
from headwater.wiring import House, Link, Tenant

SHOWN = 20  # entries are told one by one up to here
OUTCOMES = ("stored", "gone", "hidden", "kept")

Numbers = Annotated[
    list[int] | None,
    typer.Argument(help="Numbers of entries in `headwater failed list`.", show_default=False),
]
All = Annotated[bool, typer.Option("--all", help="Every entry.")]

app = typer.Typer(help="What could not be stored, and why.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 100,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Show the failed queue, the newest first.

    Example: headwater failed list --limit 20
    """

    async def work(house: House) -> list[dict[str, Any]]:
        owner = await house.tenant(tenant)
        links = await house.links(owner, connection)
        return await failures(house.warehouse, owner.id, links, limit=limit)

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
    elif not found:
        say.line("queue_empty")
    else:
        heads = ("col_number", "col_entity", "col_record", "col_field", "col_reason", "col_tries", "col_last")
        say.table(heads, [
            (
                one["id"], one["entity"], one["external_id"], one["field"], one["reason"], one["tries"],
                f"{one['last_at'].astimezone():%Y-%m-%d %H:%M}",
            )
            for one in found
        ])  # fmt: skip


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="The entry's number in `headwater failed list`.")],
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Show one entry with the record as the source gave it.

    Example: headwater failed show 12
    """

    async def work(house: House) -> dict[str, Any] | None:
        owner = await house.tenant(tenant)
        return await failure(house.warehouse, owner.id, number)

    found = run(work, as_json=as_json)
    if found is None:
        say.absent("no_failure", number, as_json=as_json)
    say.json(found)


@app.command()
def replay(
    numbers: Numbers = None,
    every: All = False,
    entity: EntityName = None,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Try entries again: those with an id are read again from the portal, the others made again as kept.

    Examples: headwater failed replay 12 15 · headwater failed replay --all · headwater failed replay --all
    --entity deals
    """
    _one_of(numbers, every)

    async def work(house: House) -> tuple[list[Replayed], list[int]]:
        owner = await house.tenant(tenant)
        links = await house.links(owner, connection)
        choice = Choice(numbers, await house.entity(links, entity))
        found: list[Replayed] = []
        for link, mine in zip(links, await chosen(house.warehouse, owner.id, links, choice), strict=True):
            if not mine:
                continue
            source = house.source_of(link)
            try:
                found += await house.engine().replay(link, source, numbers=mine)
            finally:
                await source.close()
        return found, choice.unknown([one.number for one in found])

    found, unknown = run(work, as_json=as_json)
    counts: Counter[str] = Counter(one.outcome for one in found)
    left = counts["kept"] + counts["hidden"]
    if as_json:
        summary = {name: counts[name] for name in OUTCOMES}
        say.json({"count": len(found), **summary, "unknown": unknown, "entries": found})
    else:
        for one in found if len(found) <= SHOWN else [one for one in found if one.reason][:SHOWN]:
            say.line(
                "replayed_one", number=one.number, entity=one.entity, record=one.external_id or "–",
                outcome=text(f"outcome_{one.outcome}"), reason=f" ({one.reason})" if one.reason else "",
            )  # fmt: skip
        told = {name: say.number(counts[name]) for name in OUTCOMES}
        say.line("replayed", count=say.number(len(found)), **told)
        _missed(unknown)
    if unknown:
        raise typer.Exit(say.DIFFERENT)
    if left:
        raise typer.Exit(say.ASIDE)


@app.command()
def discard(
    numbers: Numbers = None,
    every: All = False,
    entity: EntityName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Throw entries away for good. A record with an id comes again when it changes in the portal.

    Examples: headwater failed discard 12 · headwater failed discard --all --yes
    """
    _one_of(numbers, every)
    if every and not yes and not sys.stdin.isatty():
        raise typer.BadParameter("to discard all without being asked, say --yes")

    async def scope(house: House) -> tuple[Tenant, list[Link], Choice]:
        owner = await house.tenant(tenant)
        links = await house.links(owner, connection)
        return owner, links, Choice(numbers, await house.entity(links, entity))

    async def count(house: House) -> int:
        owner, links, choice = await scope(house)
        return sum(len(mine) for mine in await chosen(house.warehouse, owner.id, links, choice))

    async def work(house: House) -> list[Discarded]:
        owner, links, choice = await scope(house)
        return await discarded(house.warehouse, owner.id, links, choice)

    if every and not yes:
        total = run(count, as_json=as_json)
        if not typer.confirm(text("discard_all", count=say.number(total)), err=True):
            say.line("discard_kept")
            raise typer.Exit(say.OK)
    gone = run(work, as_json=as_json)
    unknown = Choice(numbers).unknown([one.number for one in gone])
    if as_json:
        say.json({"count": len(gone), "unknown": unknown, "entries": gone})
    else:
        say.line("discarded", count=say.number(len(gone)))
        _missed(unknown)
    if unknown:
        raise typer.Exit(say.DIFFERENT)


def _one_of(numbers: Sequence[int] | None, every: bool) -> None:
    if bool(numbers) == every:
        raise typer.BadParameter("name entries by their numbers, or say --all")


def _missed(unknown: Sequence[int]) -> None:
    for number in unknown:
        say.line("no_failure", number=number)
