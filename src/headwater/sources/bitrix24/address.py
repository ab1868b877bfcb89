"""Addresses of webhooks and of portals: what people paste, mended or refused with a word why."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from headwater.core.errors import NeedsPerson
from headwater.network.client import origin_of
from headwater.network.way import is_loopback

LOOKS_LIKE = "https://example.bitrix24.com/rest/1/<code>/"
HOST_LOOKS_LIKE = "https://example.bitrix24.com"
WHERE = "in Bitrix24: Applications, Developer resources, Other, Inbound webhook"
PATH = re.compile(r"/rest/(?P<user>[0-9]{1,18})/(?P<code>[A-Za-z0-9_-]{1,128})(?:/[A-Za-z0-9_.]*)?/?")

BARE = re.compile(r"[\w.-]+(:\d+)?/|[\w-]+(\.[\w-]+)+(:\d+)?$")


class _Wrong(ValueError):
    """Why an address cannot be used."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a webhook's methods live. Its text form hides the code."""

    scheme: str
    portal: str
    user: str
    code: str

    def url(self, method: str) -> str:
        """The address of one method; it holds the secret."""
        return f"{self.scheme}://{self.portal}/rest/{self.user}/{self.code}/{method}.json"

    def __repr__(self) -> str:
        return f"Address({self.scheme}://{self.portal}/rest/{self.user}/***/)"


@dataclass(frozen=True, slots=True)
class Site:
    """Where an application's methods live, or an authorization server; there is no secret in it."""

    scheme: str
    portal: str

    def url(self, method: str) -> str:
        """The address of one method."""
        return f"{self}/rest/{method}.json"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.portal}"


def address(given: str) -> Address:
    """The webhook address in `given`. Raises NeedsPerson, without repeating anything that may be secret."""
    try:
        parts = _split(given, "the code")
        found = PATH.fullmatch(parts.path)
        if found is None:
            raise _Wrong(_why(parts))
    except _Wrong as why:
        raise NeedsPerson(
            f"This webhook address cannot be used: {why}. It should look like {LOOKS_LIKE}"
        ) from None
    return Address(parts.scheme, origin_of(parts), found["user"], found["code"])


def site(given: str, *, what: str = "portal") -> Site:
    """The host of any page in `given`. Raises NeedsPerson; `what` it is the address of is named there."""
    try:
        parts = _split(given, "tokens")
        if PATH.fullmatch(parts.path):
            raise _Wrong("it is a webhook's; connect that without --app, or give the portal's own address")
    except _Wrong as why:
        raise NeedsPerson(
            f"This {what} address cannot be used: {why}. It should look like {HOST_LOOKS_LIKE}"
        ) from None
    return Site(parts.scheme, origin_of(parts))


def _split(given: str, secret: str) -> SplitResult:
    text = given.strip().strip("<>\"'").strip()
    if not text:
        raise _Wrong("it is empty")
    if any(sign.isspace() for sign in text):
        raise _Wrong("it has a space in it")
    if "://" not in text and BARE.match(text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known:
        raise _Wrong("it is not a web address")
    if parts.username is not None or parts.password is not None:
        raise _Wrong("it has a user name or password before the host; take that out")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise _Wrong(
            f"it begins with http, and would send {secret} in the open; use https://{origin_of(parts)}/…"
        )
    return parts


def _why(parts: SplitResult) -> str:
    path = parts.path
    if not path.startswith("/rest/"):
        return f"it is a page of {parts.hostname}, not a webhook; copy the webhook's own address ({WHERE})"
    if re.fullmatch(r"/rest/[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*(/.*)?", path):
        return "after /rest/ it lacks the number of the user who made the webhook"
    if re.fullmatch(r"/rest/[0-9]*/?", path):
        return "it ends before the webhook's code"
    return "its path is not /rest/<user>/<code>/"
