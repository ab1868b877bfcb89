"""`headwater config`, `pause`, `resume`: what is read and how often, changed while the service runs."""

from dataclasses import asdict
from typing import Annotated

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.ids import EntityName
from headwater.cli.texts import text
from headwater.core.errors import NeedsPerson
from headwater.core.words import entity_of
from headwater.sync import config as settings
from headwater.sync.config import LONGEST, SHORTEST, Line
from headwater.wiring import House

Interval = Annotated[
    int | None,
    typer.Option("--interval", min=SHORTEST, max=LONGEST, help="Minutes between two syncs of the entity."),
]
On = Annotated[bool | None, typer.Option("--on/--off", help="Whether the entity is read.")]
Events = Annotated[
    bool | None, typer.Option("--events/--no-events", help="Whether events of the entity are heeded.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; the status says it.")]


def config(
    entity: EntityName = None,
    interval: Interval = None,
    on: On = None,
    events: Events = None,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Show what is read and how often, or change it for one entity. Workers heed it at once.

    Examples: headwater config · headwater config --entity deals --interval 5 ·
    headwater config --entity calls --off
    """
    changes = (interval, on, events) != (None, None, None)
    if changes != (entity is not None):
        raise typer.BadParameter("say of which entity (--entity), and what to change (--interval, --off, …)")

    async def work(house: House) -> list[tuple[str, list[Line]]]:
        owner = await house.tenant(tenant)
        if entity is None:
            return [
                (link.slug, list(await settings.lines(house.warehouse, owner.id, link.id)))
                for link in await house.links(owner, connection)
            ]
        link = await house.link(owner, connection)
        known = [line.entity for line in await settings.lines(house.warehouse, owner.id, link.id)]
        if not known:
            raise NeedsPerson(f"{link.slug} was never synced: there is nothing to set before that")
        line = await settings.change(
            house.warehouse, owner.id, link.id, entity_of(entity, known), now=house.clock.now(),
            interval_minutes=interval, enabled=on, webhook_enabled=events,
        )  # fmt: skip
        return [(link.slug, [line])]

    found = run(work, as_json=as_json)
    if as_json:
        say.json([{"connection": slug, **asdict(line)} for slug, lines in found for line in lines])
        return
    heads = ("col_connection", "col_entity", "col_read", "col_minutes", "col_events", "col_due")
    say.table(heads, [
        (
            slug, line.entity, _word(line.enabled), line.interval_minutes, _word(line.webhook_enabled),
            f"{line.due_at.astimezone():%Y-%m-%d %H:%M:%S}" if line.enabled and line.due_at else None,
        )
        for slug, lines in found
        for line in lines
    ])  # fmt: skip
    for slug, lines in found:
        if not lines:
            say.line("config_none", connection=slug)


def pause(
    reason: Reason = "paused from the command line",
    tenant: TenantName = None,
    connection: ConnectionName = None,
) -> None:
    """Stop doing anything for a connection by itself. Events that arrive are kept; what a person asks for is
    done.

    Example: headwater pause --reason "the portal is being moved"
    """

    async def work(house: House) -> str:
        link = await house.link(await house.tenant(tenant), connection)
        await settings.pause(house.warehouse, link.tenant, link.id, reason=reason, now=house.clock.now())
        return link.slug

    say.line("paused_now", connection=run(work, as_json=False))


def resume(tenant: TenantName = None, connection: ConnectionName = None) -> None:
    """Go on with a connection that is paused; what became due meanwhile is done once.

    Example: headwater resume
    """

    async def work(house: House) -> str:
        link = await house.link(await house.tenant(tenant), connection)
        await settings.resume(house.warehouse, link.tenant, link.id, now=house.clock.now())
        return link.slug

    say.line("resumed", connection=run(work, as_json=False))


def _word(on: bool) -> str:
    return text("on" if on else "off")
