"""The open house: everything a command works with, put together once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from headwater import sources
from headwater.access.passwords import Passwords
from headwater.analytics.kept import Board
from headwater.core import log, tally
from headwater.core.clock import WallClock
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.core.model import Account
from headwater.core.ports import Clock, Ear, Source, Tokens
from headwater.core.settings import Settings
from headwater.core.words import entity_of
from headwater.jobs.house import planned
from headwater.network.way import PLAIN, Network, certificates, proxy_address
from headwater.sync.engine import Engine
from headwater.sync.runs import Report
from headwater.sync.surveys import Surveys
from headwater.warehouse import connections, jobs, rotation, tallies
from headwater.warehouse.connections import Link, Tenant
from headwater.warehouse.pacer import DEPTH, DRAIN, Pacer
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.rotation import Rotation
from headwater.warehouse.tokens import Tokens as KeptTokens
from headwater.warehouse.tokens import unbroken
from headwater.warehouse.vault import Vault
from headwater.wiring.databases import database
from headwater.wiring.identities import issuers

if TYPE_CHECKING:
    from headwater.access.tokens import Issuers


@dataclass(frozen=True, slots=True)
class House:
    """Everything a command works with, put together once."""

    settings: Settings
    warehouse: Warehouse
    vault: Vault
    clock: Clock
    surveys: Surveys = field(default_factory=Surveys)
    """What this process remembers of connections, so that events are read without asking for it again."""
    passwords: Passwords = field(default_factory=Passwords)
    board: Board = field(default_factory=Board)
    """The figures this process has counted lately."""
    issuers: "Issuers | None" = None
    """Whose tokens open the API, beside our own keys."""

    async def tenant(self, slug: str | None = None) -> Tenant:
        """The tenant of that slug; without one, the only one there is (made as `main` when there is none)."""
        known = await connections.tenants(self.warehouse)
        if slug is None and not known:
            return await connections.put_tenant(self.warehouse, "main", "Main")
        chosen = [tenant for tenant in known if slug in (None, tenant.slug)]
        if len(chosen) == 1:
            return chosen[0]
        names = ", ".join(tenant.slug for tenant in known) or "none yet"
        raise NeedsPerson(
            f"there is no tenant {slug!r}; there are: {names}"
            if slug
            else f"there are several tenants ({names}): name one with --tenant"
        )

    async def links(self, tenant: Tenant, slug: str | None = None) -> list[Link]:
        """The tenant's connections, or the one of that slug; one given by environment is kept first."""
        if self.settings.bitrix24_webhook_url is not None:
            await self._link_from_environment(tenant, self.settings.bitrix24_webhook_url.get_secret_value())
        known = await connections.links(self.warehouse, tenant.id)
        chosen = [link for link in known if slug in (None, link.slug)]
        if not chosen:
            names = ", ".join(link.slug for link in known)
            raise NeedsPerson(
                f"there is no connection {slug!r}; there are: {names}"
                if known
                else "there is no connection yet: headwater connect bitrix24 https://….bitrix24.…/rest/…/…/"
            )
        return chosen

    async def connected(self, tenant: Tenant, slug: str | None = None) -> list[Link]:
        """The same without those that are disconnected, unless one is named."""
        known = await self.links(tenant, slug)
        return [link for link in known if not link.disconnected] or known

    async def link(self, tenant: Tenant, slug: str | None = None) -> Link:
        """The connection of that slug; without one, the only one there is."""
        chosen = await self.links(tenant, slug)
        if len(chosen) > 1:
            names = ", ".join(link.slug for link in chosen)
            raise NeedsPerson(f"there are several connections ({names}): name one with --connection")
        return chosen[0]

    async def _link_from_environment(self, tenant: Tenant, url: str) -> None:
        for link in await connections.links(self.warehouse, tenant.id):
            if link.source == "bitrix24" and link.sealed and self.vault.open(link.sealed) == url:
                return
        await self.connect(tenant, "bitrix24", url)

    async def connect(
        self,
        tenant: Tenant,
        source_name: str,
        credentials: str,
        *,
        slug: str | None = None,
        moved: bool = False,
        network: Network = PLAIN,
    ) -> tuple[Link, Account]:
        """Checks credentials and their rights, and keeps them encrypted, with its network's settings.

        What works only once is exchanged by the check: what it is exchanged for is kept at once, whatever
        the check says then.
        """

        async def keep(kept: str, account: Account | None, *, named: bool = True) -> Link:
            told = {} if account is None else {k: v for k, v in asdict(account).items() if k != "key"}
            with self.vault.steady():
                return await connections.put_link(
                    self.warehouse, tenant, source=source_name, portal=source.portal,
                    title=account.title if account else source.portal, sealed=self.vault.seal(kept),
                    account=told | ({"key": source.key} if source.key else {}),
                    settings=self._settings(network),
                    slug=slug if named else None, moved=moved and named,
                )  # fmt: skip

        newcomer = _Newcomer(self, keep)
        source = self.source(source_name, credentials, network=network, tokens=newcomer)
        try:
            account = await source.check()
            link = await keep(newcomer.kept or credentials, account)
            await connections.remember(self.warehouse, link, source.memory, source.portal)
        except HeadwaterError:
            if newcomer.link is not None:
                log.get("wiring").warning("kept without a check", connection=newcomer.link.slug)
            raise
        finally:
            await source.close()
        await self._planned(link)
        return link, account

    async def _planned(self, link: Link) -> None:
        """Workers that are there already begin with a connection at once, and compare it at night."""
        now = self.clock.now()
        await planned(self.warehouse, link, now=now)
        async with self.warehouse.connection() as conn:
            await jobs.wake(conn, link.tenant, link.id, "sync", due_at=now, urgent=True)

    async def unasked(self, portal: str) -> None:
        """A portal of ours was begun a moment ago: nobody has used up any of its limits."""
        await Pacer(self.warehouse, self.clock, share=self.settings.share).unasked(portal)

    def application(self, source_name: str, **words: str) -> str:
        """Credentials of an application, to connect with."""
        made = getattr(self._known(source_name), "application", None)
        if made is None:
            raise NeedsPerson(f"{source_name} has no applications: connect it by its address, without --app")
        return str(made(**words))

    def source(
        self,
        name: str,
        credentials: str,
        *,
        network: Network = PLAIN,
        link: Link | None = None,
        tokens: Tokens | None = None,
    ) -> Source:
        """The adapter of an outside system, with the pace all our processes share."""
        memory = link.memory if link else {}
        depth, drain = memory.get("bucket") or (DEPTH, DRAIN)
        pace = Pacer(
            self.warehouse, self.clock, share=self.settings.share, depth=depth, drain=drain,
            name=link.slug if link else "",
        )  # fmt: skip
        source: Source = self._known(name)(
            credentials, pace=pace, clock=self.clock, network=network, memory=memory, tokens=tokens,
            portal=link.portal if link else None,
        )  # fmt: skip
        return source

    def source_of(self, link: Link) -> Source:
        """The adapter of a connection, with its credentials, its network and what it has learnt. Raises
        NeedsPerson when it is disconnected."""
        if link.disconnected:
            raise NeedsPerson(
                f"{link.slug} is disconnected: connect it again, headwater connect {link.source} …"
            )
        kept = link.settings
        proxy = self.vault.open(kept["proxy"]) if "proxy" in kept else None
        network = Network(kept.get("ca"), proxy, allow_private=kept.get("allow_private") is True)
        return self.source(
            link.source, self.vault.open(link.sealed), network=network, link=link, tokens=self.tokens(link)
        )

    def tokens(self, link: Link) -> KeptTokens:
        """Where the credentials of a connection are renewed."""
        return KeptTokens(self.warehouse, self.vault, self.clock, link)

    def _settings(self, network: Network) -> dict[str, Any]:
        """What a connection keeps of its network; the proxy's address may hold a login."""
        proxy = self.vault.seal(network.proxy) if network.proxy else None
        kept = {"ca": network.ca, "proxy": proxy, "allow_private": network.allow_private}
        return {name: value for name, value in kept.items() if value}

    def _known(self, name: str) -> Any:
        known = sources.known()
        if name not in known:
            raise NeedsPerson(f"there is no source {name!r}; there are: {', '.join(sorted(known))}")
        return known[name]

    def engine(self, report: Report | None = None) -> Engine:
        return Engine(self.warehouse, self.clock, report=report, surveys=self.surveys, vault=self.vault)

    def ears(self) -> list[Ear]:
        """How events are understood, of every kind of source that sends some."""
        return [known.ear for known in sources.known().values() if known.ear is not None]

    async def kept(self, tenant: UUID) -> list[Link]:
        """The tenant's connections as they are kept; nobody outside is asked."""
        return await connections.links(self.warehouse, tenant)

    async def entities(self, link: Link) -> list[str]:
        """The entities of a connection, in the order they are read in; its source is not asked."""
        source = self.source_of(link)
        try:
            return list(source.entities)
        finally:
            await source.close()

    async def entity(self, links: Sequence[Link], word: str | None) -> str | None:
        """The entity a person named, among those of these connections; None when none was named."""
        if word is None:
            return None
        return entity_of(word, dict.fromkeys([name for link in links for name in await self.entities(link)]))

    async def tenants(self) -> list[Tenant]:
        """Every tenant, the oldest first."""
        return await connections.tenants(self.warehouse)

    async def title(self, tenant: UUID) -> str:
        """What a tenant is called."""
        return (await self.known(tenant)).title

    async def known(self, tenant: UUID) -> Tenant:
        """The tenant of that id."""
        return next(one for one in await connections.tenants(self.warehouse) if one.id == tenant)

    async def alone(self) -> bool:
        """Whether there is no second tenant."""
        return len(await connections.tenants(self.warehouse)) <= 1

    def entrance(self, code: str | None = None) -> str:
        """Where the service is; with a code, the address at which a browser enters its pages."""
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "::") else self.settings.host  # noqa: S104
        root = f"http://{f'[{host}]' if ':' in host else host}:{self.settings.port}"
        return f"{root}/enter?code={code}" if code else root

    def welcome(self, invitation: str) -> str:
        """The address at which an invited person chooses a password."""
        return f"{self.entrance()}/welcome?code={invitation}"


class _Newcomer:
    """Credentials that are no connection's yet: their first renewal makes one of them."""

    def __init__(self, house: House, keep: Callable[..., Awaitable[Link]]) -> None:
        self.link: Link | None = None
        self.kept = ""
        self._house = house
        self._keep = keep

    async def renewed(self, stale: str, renew: Callable[[str], Awaitable[str]]) -> str:
        if self.link is None:
            self.kept = await unbroken(self._begun(stale, renew))
        else:
            self.kept = await self._house.tokens(self.link).renewed(stale, renew)
        return self.kept

    async def _begun(self, stale: str, renew: Callable[[str], Awaitable[str]]) -> str:
        fresh = await renew(stale)
        try:
            self.link = await self._keep(fresh, None)
        except NeedsPerson:  # the name is wrong or taken, and what it was for is worth nothing any more
            self.link = await self._keep(fresh, None, named=False)
            raise
        return fresh


@asynccontextmanager
async def house(settings: Settings, *, wait_seconds: float = 15) -> AsyncIterator[House]:
    """Opens everything: the database (the embedded one is started and migrated if need be), keys, clock.

    Whoever finds the database away waits for it so long.
    """
    url, direct = await asyncio.to_thread(database, settings)
    async with (
        Warehouse(
            url,
            size=settings.database_pool_size,
            direct_url=direct,
            wait_seconds=wait_seconds,
            name=settings.app_name.lower(),
        ) as warehouse,
        tallies.kept(warehouse, tally.OURS),
    ):
        clock = WallClock()
        vault = Vault(settings.home / "secret.key")
        yield House(settings, warehouse, vault, clock, issuers=issuers(settings, clock))


def network_of(
    ca: Path | str | None, proxy: str | None, *, allow_private: bool, this_machine: bool = True
) -> Network:
    """What a person said of a system's network, checked. `ca`: a file, or its text. `this_machine`: whether
    the system may be this very machine, where it is named so."""
    return Network(
        ca=certificates(ca) if ca is not None else None,
        proxy=proxy_address(proxy) if proxy is not None else None,
        allow_private=allow_private,
        this_machine=this_machine,
    )


async def key_rotated(house: House, *, drop_old: bool) -> Rotation:
    """Every stored credential under a new key."""
    return await rotation.rotate(house.warehouse, house.vault, drop_old=drop_old)
