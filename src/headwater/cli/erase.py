"""`headwater erase`: one person taken out of everything that is kept, and the certificates of it."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from headwater.access.whom import Whom
from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, run
from headwater.cli.texts import text
from headwater.wiring import House, eraser

BY = "the command line"
SHOWN = 10

app = typer.Typer(help="Erased people and their certificates.", no_args_is_help=True, rich_markup_mode=None)

Number = Annotated[int, typer.Argument(help="The erasure's number in `headwater erasure list`.")]


def erase(
    email: Annotated[list[str] | None, typer.Option(help="His address. May be given several times.")] = None,
    phone: Annotated[
        list[str] | None, typer.Option(help="His phone, in any form; several times if need be.")
    ] = None,
    contact: Annotated[
        list[str] | None, typer.Option(help="A contact that is him: ID or CONNECTION:ID.", metavar="ID")
    ] = None,
    lead: Annotated[
        list[str] | None, typer.Option(help="A lead that is him: ID or CONNECTION:ID.", metavar="ID")
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(help="An employee's record that is his: ID or CONNECTION:ID.", metavar="ID"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase him. Without it he is only counted.")] = False,
    fresh_backup: Annotated[
        bool, typer.Option("--fresh-backup", help="Then make a backup and remove all older ones of ours.")
    ] = False,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Count what there is of one person, or with --yes erase it: from every table, history, queue and log.

    Records about him and what hangs on them (deals, activities, calls) stay as rows with ids, stages,
    amounts and times, so that figures add up; names, addresses, phones and texts go. What a source tells of
    him later is stored without them. The source itself has to be told, too. It may be interrupted and said
    again: `headwater erasure resume`.

    Examples: headwater erase --email ivan@example.com · headwater erase --contact 12 --yes
    """
    whom = Whom(email or (), phone or (), contact or (), lead or (), user or ())

    async def work(house: House) -> dict[str, Any]:
        owner = await house.tenant(tenant)
        works = eraser(house)
        number = await works.ask(owner.id, whom, dry_run=not yes, by=BY)
        return asdict(await works.do(owner.id, number, fresh_backup=fresh_backup))

    _told(run(work, as_json=as_json), as_json=as_json)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at the most.")] = 50,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Show the erasures, the newest first.

    Example: headwater erasure list
    """

    async def work(house: House) -> list[dict[str, Any]]:
        owner = await house.tenant(tenant)
        return [_shown(asdict(one)) for one in await eraser(house).listed(owner.id, limit=limit)]

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
    elif not found:
        say.line("erasure_none")
    else:
        heads = ("col_number", "col_status", "col_asked_by", "col_asked", "col_rows", "col_lifted")
        say.table(heads, [
            (
                one["id"], text(f"erasure_{one['status']}"), one["asked_by"],
                f"{one['asked_at'].astimezone():%Y-%m-%d %H:%M}", sum(one["counts"].values()),
                one["lifted_at"] and f"{one['lifted_at'].astimezone():%Y-%m-%d %H:%M}",
            )
            for one in found
        ])  # fmt: skip


@app.command()
def show(number: Number, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Show one erasure with its certificate.

    Example: headwater erasure show 3
    """

    async def work(house: House) -> dict[str, Any]:
        owner = await house.tenant(tenant)
        return asdict(await eraser(house).one(owner.id, number))

    _told(run(work, as_json=as_json), as_json=as_json)


@app.command()
def resume(number: Number, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Go on with an erasure that was cut short. A worker does so by itself.

    Example: headwater erasure resume 3
    """

    async def work(house: House) -> dict[str, Any]:
        owner = await house.tenant(tenant)
        return asdict(await eraser(house).do(owner.id, number))

    _told(run(work, as_json=as_json), as_json=as_json)


@app.command()
def lift(number: Number, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Let a source tell of that person again. The next full sync stores what it tells.

    Example: headwater erasure lift 3
    """

    async def work(house: House) -> None:
        owner = await house.tenant(tenant)
        await eraser(house).lift(owner.id, number, by=BY)

    run(work, as_json=as_json)
    if as_json:
        say.json({"id": number, "lifted": True})
    else:
        say.line("erasure_lifted", number=number)


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "sealed"}


def _told(one: dict[str, Any], *, as_json: bool) -> None:
    """Says what there is or what became of it; 1 where something of him is left, or it is not over."""
    if as_json:
        say.json(_shown(one))
    elif one["status"] == "found":
        _found(one["found"])
    else:
        _certificate(one)
    raise typer.Exit(say.OK if one["status"] in ("found", "erased") else say.DIFFERENT)


def _found(found: dict[str, Any]) -> None:
    say.line("erase_about", records=", ".join(found["records"]) or "–")
    for name, count in sorted(found["around"].items()):
        say.line("erase_around", entity=name, count=say.number(count))
    for table, count in sorted(found["mentions"].items()):
        say.line("erase_mentions", table=table, count=say.number(count))
    if found["others"]:
        say.line("erase_others", records=", ".join(found["others"][:SHOWN]), count=len(found["others"]))
    say.line("erase_dry")


def _certificate(one: dict[str, Any]) -> None:
    say.line(f"erase_{one['status']}", number=one["id"])
    if one["error"]:
        say.line("erase_error", reason=one["error"])
    for table, count in sorted(one["counts"].items()):
        say.line("privacy_erased", table=table, rows=say.number(count))
    body = one["certificate"]
    if not body:
        return
    for left in body["left"]:
        say.line("erase_found_in", where=left["where"])
    searched = body["searched"]
    say.line(
        "erase_searched", tables=searched["tables"], logs=searched["logs"], statistics=searched["statistics"]
    )
    for missed in body["not_reached"]:
        match missed["what"]:
            case "source":
                say.line("erase_source", name=missed["name"])
            case "backup":
                say.line("erase_backup", file=missed["file"], until=str(missed["until"] or "–")[:10])
            case _:
                say.line("erase_wal")
    if fresh := body["fresh_backup"]:
        say.line("erase_fresh", file=fresh["file"], removed=fresh["removed"])
