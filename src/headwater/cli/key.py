"""`headwater key`: keys of programs that call the API, and a way into the pages."""

from dataclasses import asdict
from typing import Annotated

import typer

from headwater.access import keys, sessions
from headwater.access import own as owns
from headwater.access.keys import Key
from headwater.cli import say
from headwater.cli.frame import AsJson, Own, TenantName, run
from headwater.cli.texts import text
from headwater.wiring import House

app = typer.Typer(help="Keys of programs that call the API.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Who will use it.", metavar="NAME")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may do: read; sync (and read); admin (everything). May be given several times.",
            metavar="SCOPE",
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="For how many days; default: until it is revoked.")
    ] = None,
    own: Own = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once: only its digest is kept.

    Examples: headwater key add metabase · headwater key add airflow --scope sync --days 365 ·
    headwater key add oleg --own bitrix24:42
    """

    async def work(house: House) -> str:
        owner = await house.tenant(tenant)
        return await keys.add(
            house.warehouse, owner.id, name, scope or ["read"], now=house.clock.now(), days=days,
            own=await owns.meant(house.warehouse, owner.id, own or []),
        )  # fmt: skip

    secret = run(work, as_json=as_json)
    allowed = keys.whole(scope or ["read"])
    if as_json:
        say.json({"name": name, "key": secret, "scopes": allowed, "days": days, "own": own or None})
    else:
        say.plain(secret)
        say.errors.print(text("key_added", name=name, scopes=", ".join(allowed)), markup=False)


@app.command("list")
def list_(tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Show the keys: what they may do, until when, and when they were used last.

    Example: headwater key list
    """

    async def work(house: House) -> list[tuple[Key, list[str] | None]]:
        owner = await house.tenant(tenant)
        return [
            (key, await owns.told(house.warehouse, owner.id, key.own))
            for key in await keys.listed(house.warehouse, owner.id)
        ]

    found = run(work, as_json=as_json)
    if as_json:
        say.json([asdict(key) | {"own": words} for key, words in found])
    elif not found:
        say.line("key_none")
    else:
        heads = (
            "col_number", "col_key", "col_starts", "col_scopes", "col_sees", "col_until", "col_used",
            "col_revoked",
        )  # fmt: skip
        say.table(heads, [
            (
                key.id, key.name, f"{key.hint}…", ", ".join(key.scopes),
                text("bi_everybody") if words is None else ", ".join(words),
                *(at and f"{at.astimezone():%Y-%m-%d %H:%M}"
                  for at in (key.expires_at, key.last_used_at, key.revoked_at)),
            )
            for key, words in found
        ])  # fmt: skip


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Its name, or its number in `headwater key list`.")],
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """End a key at once, and every session opened with it.

    Example: headwater key revoke metabase
    """

    async def work(house: House) -> list[Key]:
        owner = await house.tenant(tenant)
        return await keys.revoke(house.warehouse, owner.id, name, now=house.clock.now())

    gone = run(work, as_json=as_json)
    if as_json:
        say.json([asdict(key) for key in gone])
        return
    for key in gone:
        say.line("key_revoked", name=key.name, number=key.id)


@app.command()
def enter(tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Print an address that lets a browser into the pages of the running service, once, within ten minutes.

    Example: headwater key enter
    """

    async def work(house: House) -> str:
        owner = await house.tenant(tenant)
        code = await sessions.code(house.warehouse, owner.id, now=house.clock.now())
        return house.entrance(code)

    address = run(work, as_json=as_json)
    if as_json:
        say.json({"address": address})
    else:
        say.plain(address)
