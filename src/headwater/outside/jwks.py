"""The keys with which an issuer signs its tokens: found by discovery, kept for a while, fetched again."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from headwater import __version__
from headwater.core import log
from headwater.core.errors import RetryLater
from headwater.core.ports import Clock
from headwater.core.settings import LOOPBACK

LOGGER = log.get("outside")
FRESH = timedelta(minutes=10)
"""So long keys are used without asking again: a key that an issuer took away opens nothing after that."""

STALE = timedelta(hours=1)
"""So long they are used while the issuer does not answer. Its tokens mostly last no longer either."""

APART = timedelta(minutes=1)
"""Between two fetches, whatever unknown keys are asked for."""

WHOLE_SECONDS = 10.0
LIMIT_BYTES = 262_144
MOST_KEYS = 100
SHORTEST_RSA = 2048
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""A set may name other keys; they are left out, and with them secrets that are no public keys."""


def secure(url: str) -> bool:
    """Whether an address may be asked for keys: over TLS, or on this very machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


class KeySet:
    """The keys of one issuer, for all who ask in this process. Give it as the issuer's own tokens spell
    it."""

    def __init__(
        self, issuer: str, clock: Clock, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.issuer = issuer
        self._clock = clock
        self._transport = transport
        self._keys: Mapping[str | None, PyJWK] = {}
        self._had_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._trouble = ""
        self._turn = asyncio.Lock()

    async def key(self, number: str | None) -> PyJWK | None:
        """The key of that number, or the only one there is where none is named; None when the issuer has no
        such key. RetryLater when it cannot be asked."""
        if not self._usable(number):
            async with self._turn:
                if not self._usable(number) and self._may_ask():
                    await self._fetch()
        kept = self._had_at is not None and self._clock.now() - self._had_at <= STALE
        found = self._chosen(number) if kept else None
        if found is None and self._trouble:
            raise RetryLater(f"the keys of {self.issuer} cannot be had: {self._trouble}", wait=30)
        return found

    def _usable(self, number: str | None) -> bool:
        fresh = self._had_at is not None and self._clock.now() - self._had_at <= FRESH
        return fresh and self._chosen(number) is not None

    def _chosen(self, number: str | None) -> PyJWK | None:
        if number is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(number)

    def _may_ask(self) -> bool:
        return self._asked_at is None or not timedelta(0) <= self._clock.now() - self._asked_at < APART

    async def _fetch(self) -> None:
        now = self._asked_at = self._clock.now()
        try:
            async with asyncio.timeout(WHOLE_SECONDS), self._client() as client:
                found = await self._document(
                    client, f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                )
                if found.get("issuer") != self.issuer:
                    raise _Unusable(f"it calls itself {found.get('issuer')!r}")
                keys = await self._document(client, str(found.get("jwks_uri")))
        except (_Unusable, TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as exc:
            self._trouble = str(exc) or type(exc).__name__
            LOGGER.warning("keys of an issuer cannot be had", issuer=self.issuer, reason=self._trouble)
            return
        self._keys, self._had_at, self._trouble = _usable_keys(keys), now, ""
        LOGGER.info("keys of an issuer fetched", issuer=self.issuer, keys=len(self._keys))

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=self._transport,
            timeout=WHOLE_SECONDS,
            follow_redirects=False,
            headers={"User-Agent": f"Headwater/{__version__}", "Accept": "application/json"},
        )

    async def _document(self, client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
        if not secure(url):
            raise _Unusable(f"{url[:200]} is no https address")
        body = bytearray()
        async with client.stream("GET", url) as response:
            if response.status_code != 200:
                raise _Unusable(f"{url[:200]}: HTTP {response.status_code}")
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LIMIT_BYTES:
                    raise _Unusable(f"{url[:200]}: larger than {LIMIT_BYTES:,} bytes")
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise _Unusable(f"{url[:200]}: not JSON") from exc
        if not isinstance(found, dict):
            raise _Unusable(f"{url[:200]}: no JSON object")
        return found


class _Unusable(Exception):
    """An issuer's answer says nothing that could be used."""


def _usable_keys(document: Mapping[str, Any]) -> dict[str | None, PyJWK]:
    listed = document.get("keys")
    found: dict[str | None, PyJWK] = {}
    for one in listed[:MOST_KEYS] if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("use", "sig") == "sig" and (key := _key(one)) is not None:
            found[one.get("kid")] = key
    return found


def _key(one: dict[str, Any]) -> PyJWK | None:
    """A public key with the one algorithm that it is for; None for what is none."""
    number, algorithm = one.get("kid"), one.get("alg")
    if not isinstance(number, str | None) or not isinstance(algorithm, str | None):
        return None
    if one.get("kty") not in ("RSA", "EC", "OKP") or (algorithm is not None and algorithm not in ALGORITHMS):
        return None
    try:
        key = PyJWK(one)
    except (PyJWTError, ValueError, TypeError):
        return None
    public = isinstance(key.key, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey)
    weak = isinstance(key.key, RSAPublicKey) and key.key.key_size < SHORTEST_RSA
    return key if public and not weak and key.algorithm_name in ALGORITHMS else None
