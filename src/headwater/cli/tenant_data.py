"""`headwater tenant export | close | reopen | delete`, `disconnect`, `retention`: what becomes of data."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.access import closing, export, keeping
from headwater.access.disconnecting import disconnect as disconnected
from headwater.access.keeping import Kept
from headwater.cli import say
from headwater.cli import tenant as tenants
from headwater.cli.frame import AsJson, TenantName, run
from headwater.cli.texts import text
from headwater.core.errors import NeedsPerson
from headwater.wiring import House, remover

BY = "the command line"

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@tenants.app.command("export")
def export_(
    file: Annotated[Path, typer.Argument(help="Where the archive goes; - for the standard output.")],
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Write everything of a tenant into one ZIP: a file of JSON lines for each table, and a manifest with
    rows and SHA-256 of each. Credentials and digests of keys are left out.

    Example: headwater tenant export acme.zip
    """
    if file.exists() and str(file) != "-":
        raise typer.BadParameter(f"{file} is there already")

    async def work(house: House) -> int:
        owner = await house.tenant(tenant)
        pieces = export.archive(house.warehouse, owner, by=BY, now=house.clock.now())
        if str(file) == "-":
            async for piece in pieces:
                sys.stdout.buffer.write(piece)
            return 0
        half = file.with_name(file.name + ".part")
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as written:
                async for piece in pieces:
                    written.write(piece)
            half.rename(file)
        except OSError as exc:
            raise NeedsPerson(f"{file} cannot be written: {exc.strerror}") from exc
        finally:
            half.unlink(missing_ok=True)
        return file.stat().st_size

    size = run(work, as_json=as_json)
    if str(file) == "-":
        return
    if as_json:
        say.json({"file": str(file), "bytes": size})
    else:
        say.line("tenant_exported", file=file, bytes=say.number(size))


@tenants.app.command()
def close(tenant: TenantName = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Close an account: nothing is read any more, keys and sessions open nothing, and everything is deleted
    in 30 days, unless it is reopened.

    Example: headwater tenant close --tenant acme --yes
    """
    _ask("tenant_ask_close", tenant, yes=yes, as_json=as_json)

    async def work(house: House) -> dict[str, Any]:
        owner = await house.tenant(tenant)
        delete_at = await closing.close(house.warehouse, owner.id, by=BY, now=house.clock.now())
        return {"tenant": owner.slug, "delete_at": delete_at}

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
    else:
        day = f"{found['delete_at'].astimezone():%Y-%m-%d}"
        say.line("tenant_closed", tenant=found["tenant"], day=day)


@tenants.app.command()
def reopen(tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Open a closed account again, before it is deleted. Its keys have to be made anew.

    Example: headwater tenant reopen --tenant acme
    """

    async def work(house: House) -> str:
        owner = await house.tenant(tenant)
        await closing.reopen(house.warehouse, owner.id, by=BY, now=house.clock.now())
        return owner.slug

    slug = run(work, as_json=as_json)
    if as_json:
        say.json({"tenant": slug, "closed": False})
    else:
        say.line("tenant_reopened", tenant=slug)


@tenants.app.command()
def delete(tenant: TenantName = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete everything of a tenant now: every row, typed table and BI login. It may be interrupted and said
    again. Backups hold it until they are thrown away.

    Example: headwater tenant delete --tenant acme --yes
    """
    _ask("tenant_ask_delete", tenant, yes=yes, as_json=as_json)

    async def work(house: House) -> dict[str, Any]:
        owner = await house.tenant(tenant)
        now = house.clock.now()
        await closing.close(house.warehouse, owner.id, by=BY, now=now, grace=closing.AT_ONCE)
        await remover(house).delete(owner.id)
        [gone] = [one for one in await closing.deletions(house.warehouse) if one["tenant"] == owner.id]
        return dict(gone)

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
    else:
        rows = say.number(sum(found["counts"].values()))
        say.line("tenant_deleted", tenant=found["slug"], rows=rows, tables=len(found["counts"]))


def disconnect(
    connection: Annotated[str, typer.Argument(help="The connection's name.")],
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete what was stored of it, too.")
    ] = False,
    yes: Yes = False,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Give up a connection: nothing is read any more, no event is let in, its credentials are erased. What
    was stored stays, unless you say --delete-data. Connecting the same portal again brings it back.

    Examples: headwater disconnect bitrix24 · headwater disconnect bitrix24 --delete-data --yes
    """
    if delete_data:
        _ask("disconnect_ask", tenant, yes=yes, as_json=as_json, connection=connection)

    async def work(house: House) -> dict[str, int]:
        link = await house.link(await house.tenant(tenant), connection)
        return await disconnected(
            house.warehouse, link, by=BY, now=house.clock.now(), delete_data=delete_data
        )

    gone = run(work, as_json=as_json)
    if as_json:
        say.json({"connection": connection, "deleted": gone})
    else:
        key = "disconnected_deleted" if delete_data else "disconnected"
        say.line(key, connection=connection, rows=say.number(sum(gone.values())))


def retention(
    what: Annotated[str | None, typer.Argument(help="What is kept.", show_default=False)] = None,
    days: Annotated[
        str | None, typer.Argument(help="How many days, forever, or default.", show_default=False)
    ] = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Show how long what is kept, or change it for a tenant. The nightly housekeeping throws away what is
    older.

    Examples: headwater retention · headwater retention gone 365 · headwater retention access default
    """
    if (what is None) != (days is None):
        raise typer.BadParameter("say what, and for how many days (or forever, or default)")

    async def work(house: House) -> list[Kept]:
        owner = await house.tenant(tenant)
        if what is not None and days is not None:
            await keeping.keep(house.warehouse, owner.id, what, days)
        return await keeping.kept(house.warehouse, owner.id, house.settings.keep_days)

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
        return
    say.table(
        ("col_what", "col_days", "col_house_days"),
        [(text(f"keep_{one.what}", what=one.what), one.days, one.by_default) for one in found],
    )


def _ask(key: str, tenant: str | None, *, yes: bool, as_json: bool, connection: str = "") -> None:
    """Asks a person at a terminal, who types the tenant's name; anybody else has to say --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("to do this without being asked, say --yes")

    async def work(house: House) -> str:
        return (await house.tenant(tenant)).slug

    slug = run(work, as_json=as_json)
    if typer.prompt(text(key, tenant=slug, connection=connection), err=True).strip() != slug:
        say.line("nothing_changed")
        raise typer.Exit(say.OK)
