"""`headwater connect`: a portal's address or an application's keys become a connection, after a try."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, guarded, run
from headwater.cli.ids import STANDARD_INPUT
from headwater.core.model import Account
from headwater.wiring import House, Link

Source = Annotated[str, typer.Argument(help="Which system: bitrix24.", metavar="SOURCE")]
Address = Annotated[
    str | None,
    typer.Argument(help="Its address: for Bitrix24 an inbound webhook, https://…/rest/1/…/.", metavar="URL"),
]
Portal = Annotated[
    str | None,
    typer.Option("--app", help="Connect as an application to the portal at this address.", metavar="PORTAL"),
]
ClientId = Annotated[
    str | None, typer.Option(help="The application's id.", envvar="HEADWATER_BITRIX24_CLIENT_ID")
]
ClientSecret = Annotated[
    str | None,
    typer.Option(
        help="The application's key; - reads a line of standard input.",
        envvar="HEADWATER_BITRIX24_CLIENT_SECRET",
    ),
]
RefreshToken = Annotated[
    str | None,
    typer.Option(
        help="What access is fetched with; it works once. - reads a line of standard input.",
        envvar="HEADWATER_BITRIX24_REFRESH_TOKEN",
    ),
]
Server = Annotated[
    str | None,
    typer.Option("--oauth", help="The authorization server; default: Bitrix24's own.", metavar="URL"),
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
    url: Address = None,
    app: Portal = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
    refresh_token: RefreshToken = None,
    oauth: Server = None,
    slug: Slug = None,
    moved: Moved = False,
    ca: Ca = None,
    proxy: Proxy = None,
    allow_private: Private = False,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Try an address, say whose portal it is and which rights are missing, and keep it.

    A connection that lacks rights is kept too, and the exit code is 3: somebody has to add them. Secrets that
    are not given are asked for on a terminal. What is said of the network is kept with the connection, and
    replaced when it is connected again.

    Examples: headwater connect bitrix24 https://acme.bitrix24.ru/rest/1/abcdef/ · headwater connect bitrix24
    https://crm.acme.lan/rest/1/abcdef/ --ca acme-ca.pem --allow-private · headwater connect bitrix24
    --app https://acme.bitrix24.ru --client-id local.1a2b --client-secret - --refresh-token - < keys.txt
    """
    if (url is None) == (app is None):
        raise typer.BadParameter("give a webhook's address, or --app with the portal's address")
    keys = {} if app is None else _keys(app, client_id, client_secret, refresh_token, oauth)

    async def work(house: House) -> tuple[Link, Account]:
        owner = await house.tenant(tenant)
        credentials = house.application(source, **keys) if keys else str(url)
        return await house.connect(owner, source, credentials, slug=slug, moved=moved, network=network)

    network = guarded(lambda: wiring.network_of(ca, proxy, allow_private=allow_private), as_json=as_json)
    link, account = run(work, as_json=as_json)
    if as_json:
        known = {"connection": link.slug, "id": link.id, "privacy": link.privacy}
        say.json({**known, "account": asdict(account)})
    else:
        say.line("connected", portal=account.portal, person=account.person, slug=link.slug)
        say.line(f"connected_{link.privacy}")
        for what in account.missing:
            say.line("missing_right", what=what)
    if account.missing:
        raise typer.Exit(say.PERSON)


def _keys(
    portal: str, client_id: str | None, secret: str | None, token: str | None, server: str | None
) -> dict[str, str]:
    """What an application is connected with; secrets come from the command line, the environment, standard
    input in this order, or from a person at a terminal."""
    if client_id is None:
        raise typer.BadParameter("--app needs --client-id", param_hint="--client-id")
    return {
        "portal": portal,
        "client_id": client_id,
        "client_secret": _secret("--client-secret", secret),
        "refresh_token": _secret("--refresh-token", token),
        "server": server or "",
    }


def _secret(name: str, given: str | None) -> str:
    if given not in (None, STANDARD_INPUT):
        return str(given)
    if sys.stdin.isatty():
        return str(typer.prompt(name.removeprefix("--"), hide_input=True, err=True))
    line = sys.stdin.readline().strip() if given else ""
    if not line:
        raise typer.BadParameter(f"give {name}, or {name} - and a line of standard input", param_hint=name)
    return line
