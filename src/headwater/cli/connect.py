"""`headwater connect`: a portal's address becomes a connection, after it was tried."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, guarded, run
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
Ca = Annotated[
    Path | None,
    typer.Option(
        "--ca", metavar="FILE",
        help="Certificate of a private authority; kept by content, and trusted instead of the public ones.",
    ),
]  # fmt: skip
Proxy = Annotated[
    str | None,
    typer.Option(
        "--proxy", metavar="URL", help="http://[user:password@]host:port; default: the environment's."
    ),
]
Private = Annotated[
    bool,
    typer.Option(
        "--allow-private", help="The system may be in a private network: 10.…, 192.168.…, link-local."
    ),
]


def connect(
    source: Source,
    url: Address,
    slug: Slug = None,
    moved: Moved = False,
    ca: Ca = None,
    proxy: Proxy = None,
    allow_private: Private = False,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Try an address, say whose portal it is and which rights are missing, and keep it.

    A connection that lacks rights is kept too, and the exit code is 3: somebody has to add them. What is said
    of the network is kept with the connection, and replaced when it is connected again.

    Examples: headwater connect bitrix24 https://acme.bitrix24.ru/rest/1/abcdef/ · headwater connect bitrix24
    https://crm.acme.lan/rest/1/abcdef/ --ca acme-ca.pem --allow-private
    """

    async def work(house: House) -> tuple[Link, Account]:
        owner = await house.tenant(tenant)
        return await house.connect(owner, source, url, slug=slug, moved=moved, network=network)

    network = guarded(lambda: wiring.network_of(ca, proxy, allow_private=allow_private), as_json=as_json)
    link, account = run(work, as_json=as_json)
    if as_json:
        say.json({"connection": link.slug, "id": link.id, "account": asdict(account)})
    else:
        say.line("connected", portal=account.portal, person=account.person, slug=link.slug)
        for what in account.missing:
            say.line("missing_right", what=what)
    if account.missing:
        raise typer.Exit(say.PERSON)
