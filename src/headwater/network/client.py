"""The one HTTP client: requests go out, answers come back whole or as one of our errors."""

import asyncio
import json
import logging
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import httpx2
import orjson

from headwater import __version__
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, StopSync
from headwater.network.way import PLAIN, Guarded, Network, Resolve, is_loopback, trusting

SILENCE_SECONDS = 75.0  # a portal gives a request 60 s; what is silent longer is dead
WHOLE_SECONDS = 300.0  # an answer that trickles in for longer is given up
LIMIT_BYTES = 16_000_000
EXCERPT_CHARS = 200
MOVED = frozenset({301, 302, 303, 307, 308})

# These two would write whole addresses, and with them webhook codes, into any log that listens at INFO.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class TooLarge(StopSync):
    """The answer was cut off at the byte limit: ask for less at a time."""


class TooSlow(RetryLater):
    """No answer in time: the same may work later, asking for less at a time may work now."""


class Unreadable(ValueError):
    """A body that is not JSON."""


class Answer(NamedTuple):
    """One HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """Sends requests and streams answers up to a limit. Words in `hidden` never get into a message.

    `origin` is the host a person gave: if that is this very machine, it may be reached; what is private, only
    where `network` allows it. A `transport` of one's own goes where it wants.
    """

    def __init__(
        self,
        *,
        hidden: Sequence[str] = (),
        transport: httpx2.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | str | Path | None = None,
        network: Network = PLAIN,
        origin: str = "",
        resolve: Resolve | None = None,
        limit: int = LIMIT_BYTES,
    ) -> None:
        self.limit = limit
        secret = urlsplit(network.proxy or "").password or ""
        self._hidden: list[str] = []
        self.hide(*hidden, secret, unquote(secret))
        own = network.this_machine and is_loopback(urlsplit(f"//{origin}").hostname)
        self._client = httpx2.AsyncClient(
            transport=transport
            or Guarded(network, _trust(verify, network.ca), loopback=own, resolve=resolve),
            timeout=httpx2.Timeout(SILENCE_SECONDS, connect=15.0),
            follow_redirects=False,
            headers={"User-Agent": f"Headwater/{__version__}", "Accept": "application/json"},
        )

    async def post(self, url: str, data: Mapping[str, Any], *, what: str, limit: int | None = None) -> Answer:
        """The answer to a JSON POST, whatever its status. `what` names the attempt in messages; `limit` is
        another than the usual one."""
        headers = {"Content-Type": "application/json"}
        content = orjson.dumps(data)
        return await self._sent("POST", url, what, limit or self.limit, content=content, headers=headers)

    async def post_bytes(self, url: str, body: bytes, headers: Mapping[str, str], *, what: str) -> Answer:
        """The answer to a POST of exactly this body, which may be signed, whatever its status."""
        return await self._sent("POST", url, what, self.limit, content=body, headers=headers)

    async def get(self, url: str, params: Mapping[str, str], *, what: str) -> Answer:
        """The answer to a GET, whatever its status."""
        return await self._sent("GET", url, what, self.limit, params=params)

    async def _sent(self, verb: str, url: str, what: str, limit: int, **request: Any) -> Answer:
        try:
            async with (
                asyncio.timeout(WHOLE_SECONDS),
                self._client.stream(verb, url, **request) as response,
            ):
                body = await _whole(response, what, limit)
                return Answer(response.status_code, response.headers, body)
        except (TimeoutError, httpx2.TimeoutException) as exc:
            raise TooSlow(
                f"{what}: no answer in time ({type(exc).__name__}); it will be asked again"
            ) from exc
        except httpx2.HTTPError as exc:
            raise self._unreached(exc, what) from exc

    async def close(self) -> None:
        await self._client.aclose()

    def hide(self, *words: str) -> None:
        """These words are secret from now on."""
        self._hidden += [word for word in words if word and word not in self._hidden]

    def clean(self, text: str) -> str:
        """`text` without anything secret in it."""
        for word in self._hidden:
            text = text.replace(word, "***")
        return text

    def excerpt(self, body: bytes) -> str:
        """The beginning of a body, on one line, for messages; of data only how much of it there is."""
        if body.lstrip()[:1] in (b"{", b"["):
            return f"{len(body):,} bytes of JSON"
        text = " ".join(self.clean(body[:2_000].decode("utf-8", "replace")).split())
        return text[:EXCERPT_CHARS] + ("…" if len(text) > EXCERPT_CHARS else "") if text else "an empty body"

    def refusal(self, answer: Answer, *, what: str, now: datetime) -> HeadwaterError:
        """What an answer without a readable JSON body means."""
        said = f"{what}: HTTP {answer.status}, {self.excerpt(answer.body)}"
        wait = wait_of(answer.headers, now)
        if answer.status in (401, 403):
            return NeedsPerson(
                f"{said}; something in front of the system refuses us: check the address, its firewall and"
                " its list of allowed countries"
            )
        if answer.status in (404, 410):
            return NeedsPerson(f"{said}; there is nothing at this address: check it")
        if answer.status == 504:
            return TooSlow(f"{said}; it will be asked again", wait=wait)
        if answer.status == 429 or answer.status >= 500:
            return RetryLater(f"{said}; it will be asked again", wait=wait)
        if answer.status >= 400:
            return StopSync(f"{said}; the request was refused and would be refused again")
        return RetryLater(f"{said}: not JSON, or cut off; it will be asked again", wait=wait)

    def _unreached(self, exc: httpx2.HTTPError, what: str) -> HeadwaterError:
        reason = self.clean(str(exc)) or type(exc).__name__
        if _untrusted(exc):
            return NeedsPerson(
                f"{what}: the certificate is not trusted ({reason}); give the CA file of the server, or"
                " install ca-certificates"
            )
        if isinstance(exc, httpx2.ProxyError) and reason[:3] in ("401", "403", "407"):
            return NeedsPerson(
                f"{what}: the proxy refuses ({reason}); check its login and what it lets through"
            )
        return RetryLater(
            f"{what}: not reached ({reason}); check the address and the network, it will be asked again"
        )


async def _whole(response: httpx2.Response, what: str, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"{what}: the answer is larger than {limit:,} bytes and was cut off")
    return bytes(body)


def parsed(body: bytes) -> Any:
    """The JSON in `body`; damaged characters stay inside their value. Raises Unreadable."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # Bytes that are no UTF-8, lone surrogates, NaN and numbers beyond a double come through here.
    text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    try:
        return json.loads(text, strict=False, parse_constant=str, parse_float=_float)
    except (ValueError, RecursionError) as exc:
        raise Unreadable(str(exc)) from exc


def wait_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds a Retry-After header asks for, as a number or a date; None when it says nothing usable."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


def moved_to(answer: Answer, url: str) -> str | None:
    """The absolute address a redirect points to, or None when the answer is none."""
    if answer.status not in MOVED or not (place := answer.headers.get("location")):
        return None
    return urljoin(url, place)


def origin_of(parts: SplitResult) -> str:
    """`host` or `host:port` of an address."""
    return parts.netloc.rpartition("@")[2].lower()


def _float(text: str) -> float | str:
    number = float(text)
    return text if number in (float("inf"), float("-inf")) else number


def _trust(verify: ssl.SSLContext | str | Path | None, ca: str | None) -> ssl.SSLContext:
    if verify is None:
        return httpx2.create_ssl_context() if ca is None else trusting(ca)
    if isinstance(verify, ssl.SSLContext):
        return verify
    try:
        return ssl.create_default_context(cafile=str(verify))
    except (OSError, ssl.SSLError) as exc:
        raise NeedsPerson(f"CA file {verify}: {exc}; give the path of a file with PEM certificates") from exc


def _untrusted(exc: BaseException | None) -> bool:
    while exc is not None:
        if isinstance(exc, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(exc):
            return True
        exc = exc.__cause__ or exc.__context__
    return False
