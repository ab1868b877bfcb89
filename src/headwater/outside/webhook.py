"""Letters to another program: JSON posted to its address, signed so that it knows from whom they are."""

import hmac
from hashlib import sha256
from typing import ClassVar
from urllib.parse import urlsplit

import orjson

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.letters import Letter
from headwater.core.ports import Clock
from headwater.network.client import Http, origin_of
from headwater.network.way import PLAIN, Network, is_loopback

SIGNATURE, DELIVERY = "x-headwater-signature", "x-headwater-delivery"


def signature(secret: str, at: int, body: bytes) -> str:
    """`t=<seconds>,v1=<hex>`: the HMAC-SHA256 of the seconds, a dot and the body, under the secret. Who
    checks it compares the seconds with his clock as well, so that nobody sends him an old one again."""
    proof = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    return f"t={at},v1={proof}"


class Webhook:
    """Posts letters to one address."""

    name: ClassVar[str] = "webhook"

    def __init__(self, url: str, secret: str | None, *, clock: Clock, network: Network = PLAIN) -> None:
        try:
            parts = urlsplit(url)
            safe = parts.scheme == "https" or (
                parts.scheme == "http" and (network.allow_private or is_loopback(parts.hostname))
            )
            usable = safe and bool(parts.hostname) and parts.port != 0 and not parts.username
        except ValueError:
            usable = False
        if not usable:
            raise NeedsPerson(
                "HEADWATER_ALERT_WEBHOOK_URL cannot be used: write https://host/path, without a login; http "
                "only in a network of your own, with HEADWATER_ALERT_ALLOW_PRIVATE=true"
            )
        self._url = url
        self._host = origin_of(parts)
        self._hidden = [word for word in (parts.path.strip("/"), parts.query) if word]
        self._secret = secret
        self._clock = clock
        self._network = network

    async def send(self, letter: Letter) -> None:
        body = orjson.dumps(letter.document)
        headers = {"content-type": "application/json", DELIVERY: letter.number}
        if self._secret is not None:
            headers[SIGNATURE] = signature(self._secret, int(self._clock.now().timestamp()), body)
        http = Http(hidden=self._hidden, network=self._network, origin=self._host, limit=100_000)
        try:
            answer = await http.post_bytes(self._url, body, headers, what=f"a webhook to {self._host}")
        finally:
            await http.close()
        if 200 <= answer.status < 300:
            return
        said = f"{self._host} answers {answer.status} to a webhook"
        if answer.status == 429 or answer.status >= 500:
            raise RetryLater(f"{said}: it is tried again")
        raise NeedsPerson(f"{said}: look at HEADWATER_ALERT_WEBHOOK_URL")
