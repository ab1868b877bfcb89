"""`headwater access`: who looked at what."""

from dataclasses import asdict
from typing import Annotated

import typer

from headwater.access.audit import Access, accesses
from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, run
from headwater.wiring import House

app = typer.Typer(help="Who looked at which data.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    pass


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 100,
    before: Annotated[int | None, typer.Option(min=1, help="Only those with a lower number.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what that caller did.", metavar="NAME")] = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Show who read, listed, searched, exported, erased or deleted data, the newest first.

    Example: headwater access list --limit 20
    """

    async def work(house: House) -> list[Access]:
        owner = await house.tenant(tenant)
        return await accesses(house.warehouse, owner.id, limit=limit, before=before, by=by)

    found = run(work, as_json=as_json)
    if as_json:
        say.json([asdict(one) for one in found])
    elif not found:
        say.line("access_none")
    else:
        heads = ("col_number", "col_when", "col_who", "col_action", "col_entity", "col_records")
        say.table(heads, [
            (
                one.id, f"{one.created_at.astimezone():%Y-%m-%d %H:%M:%S}", one.accessed_by, one.action,
                one.entity, one.record_count,
            )
            for one in found
        ])  # fmt: skip
