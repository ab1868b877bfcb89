"""`headwater privacy`: what a connection keeps, and changing it."""

import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.texts import text
from headwater.core.model import PrivacyMode
from headwater.sync.privacy import Changed, Standing, changed, standings
from headwater.wiring import House


class Wanted(StrEnum):
    """What the command may be asked for."""

    SHOW = "show"
    ANALYTICS = "analytics"
    FULL = "full"


Mode = Annotated[Wanted, typer.Argument(help="show what is kept, or change it.", show_default=True)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before erasing.")]


def privacy(
    mode: Mode = Wanted.SHOW,
    yes: Yes = False,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Show or change what a connection keeps of what it reads.

    full: everything. analytics: no free text (comments, letters, transcripts), no files, no secrets of the
    portal's own; changing to it erases them here at once, in every table. It may be interrupted and said
    again. Back to full, the next sync reads everything again.

    Examples: headwater privacy · headwater privacy analytics --yes · headwater privacy full
    """
    if mode is Wanted.SHOW:
        _show(tenant, connection, as_json=as_json)
        return
    if mode is Wanted.ANALYTICS and not yes:
        _ask(tenant, connection, as_json=as_json)

    async def work(house: House) -> Changed:
        link = await house.link(await house.tenant(tenant), connection)
        source = house.source_of(link)
        try:
            return await changed(house.warehouse, house.clock, link, source, PrivacyMode(mode.value))
        finally:
            await source.close()

    found = run(work, as_json=as_json)
    if as_json:
        say.json(asdict(found))
    elif found.privacy is PrivacyMode.FULL:
        say.line("privacy_full" if found.news else "privacy_full_already", connection=found.connection)
    else:
        rows = say.number(sum(found.erased.values()))
        say.line("privacy_analytics", connection=found.connection, rows=rows)
        for table, count in sorted(found.erased.items()):
            say.line("privacy_erased", table=table, rows=say.number(count))


def _ask(tenant: str | None, connection: str | None, *, as_json: bool) -> None:
    """Asks a person at a terminal; anybody else has to say --yes."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("to erase without being asked, say --yes")

    async def work(house: House) -> str:
        return (await house.link(await house.tenant(tenant), connection)).slug

    name = run(work, as_json=as_json)
    if not typer.confirm(text("privacy_ask", connection=name), err=True):
        say.line("privacy_unchanged")
        raise typer.Exit(say.OK)


def _show(tenant: str | None, connection: str | None, *, as_json: bool) -> None:
    async def work(house: House) -> list[Standing]:
        owner = await house.tenant(tenant)
        return await standings(house.warehouse, await house.links(owner, connection))

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
        return
    say.table(
        ("col_connection", "col_portal", "col_privacy", "col_not_kept"),
        [
            (one.connection, one.portal, one.privacy.value, sum(map(len, one.not_kept.values())))
            for one in found
        ],
    )
    for one in found:
        for entity, fields in one.not_kept.items():
            say.line("privacy_fields", entity=f"{one.connection}.{entity}", fields=", ".join(fields))
        if one.erasing:
            say.line("privacy_unfinished", connection=one.connection)
