"""`headwater status`: how every connection stands."""

from dataclasses import asdict
from datetime import datetime

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.texts import language, text
from headwater.jobs.alert_words import sentence
from headwater.jobs.conditions import Condition
from headwater.sync.live import HOUSE, Line, Living, living, troubles
from headwater.sync.overview import Standing
from headwater.wiring import House

SAID = ("failing", "refused", "housework", "worker")
"""What the lines of work say already; and that nobody works, which whoever syncs by hand knows."""


def status(tenant: TenantName = None, connection: ConnectionName = None, as_json: AsJson = False) -> None:
    """Show how much is stored, how fresh it is, what was kept aside, and what fails, since when and why.

    Example: headwater status --json
    """

    async def work(house: House) -> tuple[list[Living], list[Line], list[Condition]]:
        owner = await house.tenant(tenant)
        links = await house.links(owner, connection)
        found = await living(house.warehouse, owner.id, links)
        conditions = await wiring.wrong(house, owner)
        return found, await troubles(house.warehouse, owner.id), conditions

    found, wrong, conditions = run(work, as_json=as_json)
    standings = [each for one in found for each in one.standings]
    if as_json:
        say.json([asdict(one) for one in standings])
        return
    show(standings)
    for one in found:
        if one.paused_at is not None:
            reason, since = one.paused_reason or "–", _moment(one.paused_at)
            say.line("standing_still", connection=one.link.slug, since=since, reason=reason)
        for line in one.troubles:
            _say(line, one.link.slug)
    for line in [line for line in wrong if line.connection == HOUSE]:
        _say(line, text("the_house"))
    shown = {HOUSE, *(one.link.id for one in found)}
    for each in conditions:
        if each.kind not in SAID and each.connection in shown:
            say.plain(sentence(each.kind, each.facts, language()))


def _say(line: Line, where: str) -> None:
    say.line(
        "failing", connection=where, what=text(f"kind_{line.kind}"), since=_moment(line.failing_since),
        again=_moment(line.held_until or line.due_at), reason=line.error or "–",
    )  # fmt: skip


def _moment(at: datetime | None) -> str:
    return "–" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


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
    same: dict[tuple[str, str], list[str]] = {}
    for one in found:
        if one.error and one.status == "paused":
            say.line("paused", connection=one.connection, entity=one.entity, reason=one.error)
        elif one.error:
            same.setdefault((one.connection, one.error), []).append(one.entity)
    for (connection, error), entities in same.items():
        say.line("error", message=f"{connection}, {', '.join(entities)}: {error}")
    for one in found:
        if one.due:
            say.line("sets_due", connection=one.connection, entity=one.entity, due=say.number(one.due))
        for name, note in one.notes.items():
            words = "noted" if note["count"] else "noted_whole"
            say.line(words, field=f"{one.connection}.{one.entity}.{name}", **note)
