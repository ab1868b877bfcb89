"""The way to an outside system: addresses that were checked, a proxy, a private certificate authority."""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from headwater.core.errors import NeedsPerson

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

RESOLVE_SECONDS = 15.0
NEXT_SECONDS = 3.0  # an address of several that does not answer sooner lets the next one try
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
LONGEST_CA = 1_000_000
NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Network:
    """What is particular about one system's network, as an administrator said it.

    `ca` is PEM text, trusted instead of the public authorities. `proxy` is an address that may hold a login;
    without one the environment's is used. `allow_private`: the system may live in a network of one's own;
    `permission` says how a person allows that. `this_machine`: it may be this very machine, where it was
    named so.
    """

    ca: str | None = None
    proxy: str | None = field(default=None, repr=False)
    allow_private: bool = False
    permission: str = "connect with --allow-private"
    this_machine: bool = True


PLAIN = Network()


class Guarded(httpx2.AsyncBaseTransport):
    """Resolves a host anew for every request, refuses what is not public, and connects to what it checked.

    The name in the certificate and in the Host header stays the host's: who answers for a name with another
    address gains nothing. `loopback`: the system was given as this very machine. A proxy resolves by itself;
    what we can resolve is checked all the same.
    """

    def __init__(
        self, network: Network, trust: ssl.SSLContext, *, loopback: bool, resolve: Resolve | None = None
    ) -> None:
        self._network = network
        self._trust = trust
        self._loopback = loopback
        self._resolve = resolve or resolved
        # By host: a connection that one host's certificate opened is never used for another.
        self._ways: dict[tuple[str, str | None], httpx2.AsyncHTTPTransport] = {}
        self._last: dict[str, str] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.raw_host.decode("ascii")
        proxy = self._proxy_for(request.url.scheme, host)
        if proxy is not None and request.url.scheme == "http":
            raise NeedsPerson(
                f"{host}: plain http would go through the proxy in the open; connect without it"
            )
        addresses = await self._checked(host, request.url.port or 443, proxied=proxy is not None)
        way = self._way(host, proxy)
        if proxy is not None:
            return await way.handle_async_request(request)
        addresses.sort(key=lambda one: one != self._last.get(host))  # a connection that is open is used again
        for address in addresses[:-1]:
            try:
                return await self._sent(way, request, host, address, haste=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._sent(way, request, host, addresses[-1])

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()

    async def _sent(
        self,
        way: httpx2.AsyncHTTPTransport,
        request: httpx2.Request,
        host: str,
        address: str,
        *,
        haste: bool = False,
    ) -> httpx2.Response:
        extensions = dict(request.extensions) | {"sni_hostname": host}
        if haste:
            extensions["timeout"] = dict(extensions.get("timeout", {})) | {"connect": NEXT_SECONDS}
        response = await way.handle_async_request(
            httpx2.Request(
                request.method, request.url.copy_with(host=address),
                headers=request.headers, stream=request.stream, extensions=extensions,
            )
        )  # fmt: skip
        self._last[host] = address
        return response

    async def _checked(self, host: str, port: int, *, proxied: bool) -> list[str]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                addresses = list(await self._resolve(host, port))
        except TimeoutError as exc:
            raise httpx2.ConnectTimeout(f"{host}: its address was not found in time") from exc
        except (OSError, UnicodeError) as exc:
            if proxied:
                return []
            raise httpx2.ConnectError(f"{host}: {exc}") from exc
        if not addresses and not proxied:
            raise httpx2.ConnectError(f"{host}: it has no address")
        for address in addresses:
            check(host, address, self._network, loopback=self._loopback)
        return addresses

    def _proxy_for(self, scheme: str, host: str) -> str | None:
        if self._network.proxy is not None:
            return self._network.proxy
        if is_loopback(host) or proxy_bypass(host):
            return None
        known = getproxies()
        found = known.get(scheme) or known.get("all")
        return proxy_address(found) if found else None

    def _way(self, host: str, proxy: str | None) -> httpx2.AsyncHTTPTransport:
        if (host, proxy) not in self._ways:
            through = None
            if proxy is not None:
                trust = httpx2.create_ssl_context() if proxy.startswith("https:") else None
                if trust is not None and self._network.ca is not None:
                    trust.load_verify_locations(cadata=self._network.ca)
                through = httpx2.Proxy(proxy, ssl_context=trust)
            self._ways[host, proxy] = httpx2.AsyncHTTPTransport(verify=self._trust, proxy=through)
        return self._ways[host, proxy]


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, the system's best first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def check(host: str, given: str, network: Network, *, loopback: bool) -> None:
    """Raises NeedsPerson when a host leads to an address where this network's systems may not be. `loopback`:
    the host was given as this very machine."""
    address = ip_address(given.partition("%")[0])
    inner = meant(address)
    own = loopback and is_loopback(host) and inner.is_loopback
    if not (own or network.allow_private or is_public(inner)):
        raise NeedsPerson(
            f"{host} leads to {address}, which is not in the public internet; if the system really is "
            f"in a network of your own, {network.permission}"
        )


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet: not private, shared, local, reserved or for many."""
    return address.is_global and not address.is_multicast


def meant(address: Address) -> Address:
    """The address behind one that only wraps another: mapped, translated or tunnelled IPv4."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    tunnel = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnel or address


def is_loopback(host: str | None) -> bool:
    """Whether `host` is this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def proxy_address(given: str) -> str:
    """A proxy's address, checked. Raises NeedsPerson without repeating what may hold a password."""
    text = given if "://" in given else f"http://{given}"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        usable = usable and not parts.query and not parts.fragment and parts.path in ("", "/")
        usable = usable and not any(sign.isspace() for sign in text)
        httpx2.URL(text)
    except (ValueError, httpx2.InvalidURL):
        usable = False
    if not usable:
        raise NeedsPerson(
            "this proxy cannot be used: write http://host:port or http://user:password@host:port"
        )
    return text


def certificates(given: Path | str) -> str:
    """The certificates in a file, or in a text, as PEM and nothing besides: a key beside them is left out."""
    try:
        text = _read(given) if isinstance(given, Path) else given
        found = "\n".join(CERTIFICATE.findall(text))
        trusting(found)
    except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
        what = given if isinstance(given, Path) else "ca"
        raise NeedsPerson(
            f"{what} holds no usable certificate ({exc}): give the CA's certificate as PEM or DER"
        ) from exc
    return found + "\n"


def _read(file: Path) -> str:
    with file.open("rb") as opened:
        data = opened.read(LONGEST_CA)
    return ssl.DER_cert_to_PEM_cert(data) if data.startswith(b"\x30") else data.decode("latin-1")


def trusting(ca: str) -> ssl.SSLContext:
    """TLS that trusts these authorities and no other. Raises ValueError or ssl.SSLError."""
    if not ca:
        raise ValueError("nothing between BEGIN and END CERTIFICATE")
    return ssl.create_default_context(cadata=ca)
