"""`headwater events`: an address for a portal's events, whether they arrive, and applying them again."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.ids import EntityName
from headwater.cli.texts import language
from headwater.core.errors import NeedsPerson
from headwater.sync import hearing
from headwater.sync.hearing import Address, Hearing
from headwater.wiring import House

app = typer.Typer(
    help="Events by which a portal tells of changes at once.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def address(
    public_url: Annotated[
        str, typer.Option("--public-url", help="How the portal reaches this service: https://crm.example.com")
    ],
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Make an address for a portal's events, and say how to have them sent there.

    An application has them sent there by itself. The address holds a secret: it is shown once. Without an
    address that the portal can reach (behind NAT) there are no events, and changes are found by asking.

    Example: headwater events address --public-url https://crm.example.com
    """

    async def work(house: House) -> Address:
        link = await house.link(await house.tenant(tenant), connection)
        source = house.source_of(link)
        try:
            return await hearing.registered(house.warehouse, house.clock, link, source, public_url)
        finally:
            await source.close()

    made = run(work, as_json=as_json)
    if as_json:
        say.json(asdict(made))
        return
    say.line("events_address", connection=made.connection, address=made.address)
    if not made.reachable:
        say.line("events_unreachable")
    if made.bound:
        say.line("events_bound", count=len(made.events))
    else:
        say.plain(made.words[language()])
        say.plain("  " + ", ".join(made.events))
    for name, reason in made.refused.items():
        say.line("events_not_bound", event=name, reason=reason)


@app.command()
def close(tenant: TenantName = None, connection: ConnectionName = None, as_json: AsJson = False) -> None:
    """Close every address of a connection's events, as when one has become known; make a new one then.

    Changes are found by asking meanwhile. Within half a minute nobody gets in by the old ones.

    Example: headwater events close
    """

    async def work(house: House) -> tuple[str, int]:
        link = await house.link(await house.tenant(tenant), connection)
        return link.slug, await hearing.closed(house.warehouse, link)

    slug, count = run(work, as_json=as_json)
    if as_json:
        say.json({"connection": slug, "closed": count})
    else:
        say.line("events_closed", connection=slug, count=count)


@app.command()
def status(tenant: TenantName = None, connection: ConnectionName = None, as_json: AsJson = False) -> None:
    """Show how connections learn of changes, and whether events arrive.

    Example: headwater events status
    """

    async def work(house: House) -> list[Hearing]:
        owner = await house.tenant(tenant)
        return await hearing.heard(house.warehouse, owner.id, await house.links(owner, connection))

    found = run(work, as_json=as_json)
    if as_json:
        say.json([asdict(one) for one in found])
        return
    for one in found:
        say.line(
            f"events_{one.state}", connection=one.connection, last=_moment(one.last_event_at),
            since=_moment(one.since), reason=one.reason or "–",
        )  # fmt: skip
        if one.addresses and not one.arrived:
            say.line("events_none_yet", connection=one.connection)
        numbers = {name: say.number(getattr(one, name)) for name in ("events", "waiting", "refused")}
        say.line("events_counts", connection=one.connection, **numbers)


@app.command("list")
def list_(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that are not applied yet.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 50,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Show events as they arrived, the last first, and what became of them.

    Examples: headwater events list · headwater events list --waiting --limit 20
    """

    async def work(house: House) -> list[dict[str, Any]]:
        owner = await house.tenant(tenant)
        links = await house.links(owner, connection)
        return await hearing.listed(house.warehouse, owner.id, links, waiting=waiting, limit=limit)

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
    elif not found:
        say.line("events_no_list")
    else:
        heads = ("col_arrived", "col_event", "col_entity", "col_record", "col_outcome", "col_tries")
        say.table(heads, [
            (
                _moment(one["received_at"]), one["event"], one["entity"], one["external_id"],
                one["outcome"], one["tries"],
            )
            for one in found
        ])  # fmt: skip


@app.command()
def replay(
    since: Annotated[str, typer.Option("--since", help="From when: 2026-11-21T09:00, here or with a zone.")],
    until: Annotated[str, typer.Option("--until", help="Up to when.")],
    entity: EntityName = None,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Apply the events of a time again: what they tell of is read from the portal once more.

    Example: headwater events replay --since 2026-11-21T09:00 --until 2026-11-21T12:00 --entity deals
    """

    async def work(house: House) -> dict[str, int]:
        owner = await house.tenant(tenant)
        links = await house.links(owner, connection)
        return await hearing.replayed(
            house.warehouse, house.clock, links,
            since=_time(since), until=_time(until), entity=await house.entity(links, entity),
        )  # fmt: skip

    counts = run(work, as_json=as_json)
    if as_json:
        say.json({"count": sum(counts.values()), "connections": counts})
    else:
        say.line("events_replayed", count=say.number(sum(counts.values())))


def _time(word: str) -> datetime:
    """A time as a person writes it; without a zone it is his own."""
    try:
        return datetime.fromisoformat(word.strip()).astimezone()
    except (ValueError, OverflowError) as exc:
        raise NeedsPerson(f"{word!r} is no time: write it as 2026-11-21T09:00") from exc


def _moment(at: datetime | None) -> str:
    return "–" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
