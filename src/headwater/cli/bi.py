"""`headwater bi`: read-only SQL logins for Metabase and other BI tools."""

from dataclasses import asdict
from typing import Annotated

import typer

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, Own, TenantName, guarded, run, settings
from headwater.cli.texts import text
from headwater.wiring import Access, House, Login, Tenant

app = typer.Typer(
    help="SQL logins for BI tools: read-only, one tenant each.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(help="The login's name.", metavar="NAME")]


@app.command()
def add(
    name: Name,
    tenant: TenantName = None,
    own: Own = None,
    statement_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="How long a query may take: 30s, 5min, 1h.")
    ] = "5min",
    connection_limit: Annotated[
        int, typer.Option(min=1, max=100, help="How many connections it may hold at once.")
    ] = 10,
    as_json: AsJson = False,
) -> None:
    """Make a login that reads one tenant's data and nothing else, and print how a BI tool gets in.

    The password is shown this once. The embedded server listens on 127.0.0.1 from now on; if it runs without,
    it is restarted. Another PostgreSQL wants HEADWATER_ADMIN_DATABASE_URL.

    Examples: headwater bi add metabase · headwater bi add oleg --own bitrix24:7 --statement-timeout 30s
    """

    async def work(house: House) -> tuple[Tenant, str]:
        owner = await house.tenant(tenant)
        password = await wiring.bi_login(
            house, name, owner, own=own or [], statement_timeout=statement_timeout,
            connection_limit=connection_limit,
        )  # fmt: skip
        return owner, password

    owner, password = run(work, as_json=as_json)
    way = guarded(lambda: wiring.bi_access(settings(), name, password), as_json=as_json)
    if as_json:
        say.json({"tenant": owner.slug, "own": own or None, **asdict(way)})
    else:
        say.line("bi_added", name=name, tenant=owner.slug)
        _tell(way)


@app.command("list")
def list_(tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Show the logins for BI tools: whose data they read, and within which bounds.

    Example: headwater bi list
    """

    found = [one for one in run(wiring.bi_logins, as_json=as_json) if tenant in (None, one.tenant)]
    if as_json:
        say.json(found)
    elif not found:
        say.line("bi_none")
    else:
        heads = ("col_login", "col_tenant", "col_sees", "col_timeout", "col_limit")
        say.table(heads, [
            (
                one.name if one.usable else f"{one.name} ({text('bi_gone')})",
                one.tenant, _sees(one), one.statement_timeout, one.connection_limit,
            )
            for one in found
        ])  # fmt: skip


@app.command()
def password(name: Name, as_json: AsJson = False) -> None:
    """Give a login a new password, and end the sessions that came in with the old one.

    Example: headwater bi password metabase
    """
    made = guarded(lambda: wiring.bi_password(settings(), name), as_json=as_json)
    way = guarded(lambda: wiring.bi_access(settings(), name, made), as_json=as_json)
    if as_json:
        say.json(way)
    else:
        say.line("bi_renewed", name=name)
        _tell(way)


@app.command()
def remove(name: Name, as_json: AsJson = False) -> None:
    """Drop a login, with its rights and its open sessions.

    Example: headwater bi remove metabase
    """
    guarded(lambda: wiring.bi_removed(settings(), name), as_json=as_json)
    if as_json:
        say.json({"removed": name})
    else:
        say.line("bi_removed", name=name)


def _tell(way: Access) -> None:
    say.line("bi_url", url=way.url)
    say.line(
        "bi_parts",
        host=way.host, port=way.port, database=way.database, user=way.user, password=way.password,
    )  # fmt: skip
    if way.tunnel is not None:
        say.line("bi_tunnel", tunnel=way.tunnel)


def _sees(login: Login) -> str:
    if login.scope == "all":
        return text("bi_everybody")
    return ", ".join(f"{connection}:{one}" for connection, people in login.people.items() for one in people)
