"""`headwater connect`: a portal's address becomes a connection, after it was tried."""

from dataclasses import asdict
from typing import Annotated

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, run
from headwater.core.model import Account
from headwater.wiring import House, Link

Source = Annotated[str, typer.Argument(help="Which system: bitrix24.", metavar="SOURCE")]
Address = Annotated[
    str,
    typer.Argument(help="Its address: for Bitrix24 an inbound webhook, https://…/rest/1/…/.", metavar="URL"),
]
Slug = Annotated[
    str | None,
    typer.Option(help="Names the connection and the schema of its typed tables; default: the source."),
]
Moved = Annotated[
    bool, typer.Option("--moved", help="The connection --slug is known: this is its portal's new address.")
]


def connect(
    source: Source,
    url: Address,
    slug: Slug = None,
    moved: Moved = False,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Try an address, say whose portal it is and which rights are missing, and keep it.

    A connection that lacks rights is kept too, and the exit code is 3: somebody has to add them.

    Example: headwater connect bitrix24 https://acme.bitrix24.ru/rest/1/abcdef/
    """

    async def work(house: House) -> tuple[Link, Account]:
        return await house.connect(await house.tenant(tenant), source, url, slug=slug, moved=moved)

    link, account = run(work, as_json=as_json)
    if as_json:
        say.json({"connection": link.slug, "id": link.id, "account": asdict(account)})
    else:
        say.line("connected", portal=account.portal, person=account.person, slug=link.slug)
        for what in account.missing:
            say.line("missing_right", what=what)
    if account.missing:
        raise typer.Exit(say.PERSON)
