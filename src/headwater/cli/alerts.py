"""`headwater alerts`: what is wrong, who was told, and whether telling works."""

from datetime import datetime
from typing import Annotated

import typer

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, run
from headwater.cli.texts import language, text
from headwater.jobs.alert_list import Entry, Told, entries
from headwater.jobs.alert_words import remedy, sentence
from headwater.wiring import House

app = typer.Typer(help="What is wrong, and who was told.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")] = 100,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Show what is wrong, since when, what helps, and who was told of it.

    Example: headwater alerts list --all
    """

    async def work(house: House) -> list[Entry]:
        owner = await house.tenant(tenant)
        return await entries(house.warehouse, owner.id, only_open=not every, limit=limit)

    found = run(work, as_json=as_json)
    if as_json:
        say.json([_document(one) for one in found])
        return
    if not found:
        say.line("alerts_none")
    for one in found:
        say.line(
            "alert_over" if one.closed_at else "alert_open",
            number=one.id, what=sentence(one.kind, one.facts, language()),
            since=_moment(one.since), until=_moment(one.closed_at),
        )  # fmt: skip
        if one.closed_at is None:
            say.plain(f"    → {remedy(one.kind, language())}")
        for told in one.told:
            say.plain(f"    {_told(told)}")


@app.command("test")
def try_channels(as_json: AsJson = False) -> None:
    """Send a letter by each channel that is set up, and say what happened.

    Example: headwater alerts test
    """

    async def work(house: House) -> dict[str, str]:
        return await wiring.alerting(house).test()

    found = run(work, as_json=as_json)
    if as_json:
        say.json(
            [{"channel": name, "sent": not error, "error": error or None} for name, error in found.items()]
        )
    elif not found:
        say.line("alerts_no_channel")
    else:
        for name, error in found.items():
            say.line("alert_not_sent" if error else "alert_sent", channel=name, reason=error)
    if not found or any(found.values()):
        raise typer.Exit(say.PERSON)


def _document(one: Entry) -> dict[str, object]:
    words = {"text": sentence(one.kind, one.facts, "en"), "remedy": remedy(one.kind, "en")}
    return {name: getattr(one, name) for name in one.__slots__} | words


def _told(one: Told) -> str:
    how = "sent" if one.sent_at else "waits" if one.due_at else "given_up"
    return text(
        f"letter_{how}", channel=one.channel, what=text(f"letter_{one.what}"), reason=one.error or "–",
        at=_moment(one.sent_at or one.due_at or one.made_at), tries=one.tries,
    )  # fmt: skip


def _moment(at: datetime | None) -> str:
    return "–" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"
