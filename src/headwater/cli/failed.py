"""`headwater failed`: what could not be stored, and why."""

from typing import Annotated, Any

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.sync.overview import failure, failures
from headwater.wiring import House

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
        if as_json:
            say.json({"error": "NotFound", "message": f"no entry {number}", "exit_code": say.DIFFERENT})
        else:
            say.line("no_failure", number=number)
        raise typer.Exit(say.DIFFERENT)
    say.json(found)
