"""`headwater status`: how every connection stands."""

from dataclasses import asdict

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.texts import text
from headwater.sync.overview import Standing, standings
from headwater.wiring import House


def status(tenant: TenantName = None, connection: ConnectionName = None, as_json: AsJson = False) -> None:
    """Show how much is stored, how fresh it is, and what was kept aside.

    Example: headwater status --json
    """

    async def work(house: House) -> list[Standing]:
        owner = await house.tenant(tenant)
        return await standings(house.warehouse, owner.id, await house.links(owner, connection))

    found = run(work, as_json=as_json)
    if as_json:
        say.json([asdict(one) for one in found])
        return
    show(found)


def show(found: list[Standing]) -> None:
    """The same as a table, with what deserves a look below it."""
    if not found:
        say.line("nothing_yet")
        return
    heads = ("col_connection", "col_entity", "col_state", "col_stored", "col_source", "col_failed", "col_age")
    say.table(heads, [
        (
            one.connection, one.entity, text(f"state_{one.status}"), one.stored, one.in_source, one.failed,
            f"{one.complete_to.astimezone():%Y-%m-%d %H:%M:%S}" if one.complete_to else None,
        )
        for one in found
    ])  # fmt: skip
    for one in found:
        if one.error and one.status == "paused":
            say.line("paused", connection=one.connection, entity=one.entity, reason=one.error)
        elif one.error:
            say.line("error", message=f"{one.connection}, {one.entity}: {one.error}")
        if one.due:
            say.line("sets_due", connection=one.connection, entity=one.entity, due=say.number(one.due))
        for name, note in one.notes.items():
            words = "noted" if note["count"] else "noted_whole"
            say.line(words, field=f"{one.connection}.{one.entity}.{name}", **note)
