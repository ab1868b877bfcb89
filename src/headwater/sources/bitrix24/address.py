"""The address of an inbound webhook: what people paste, mended or refused with a word why."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from headwater.core.errors import NeedsPerson
from headwater.sources._http import origin_of
from headwater.sources._network import is_loopback

LOOKS_LIKE = "https://example.bitrix24.com/rest/1/<code>/"
WHERE = "in Bitrix24: Applications, Developer resources, Other, Inbound webhook"
PATH = re.compile(r"/rest/(?P<user>[0-9]{1,18})/(?P<code>[A-Za-z0-9_-]{1,128})(?:/[A-Za-z0-9_.]*)?/?")


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


def address(given: str) -> Address:
    """The webhook address in `given`. Raises NeedsPerson, without repeating anything that may be secret."""
    text = given.strip().strip("<>\"'").strip()
    if not text:
        raise _no("it is empty")
    if any(sign.isspace() for sign in text):
        raise _no("it has a space in it")
    parts = _split(text)
    if parts.username is not None or parts.password is not None:
        raise _no("it has a user name or password before the host; take that out")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise _no(
            f"it begins with http, and would send the code in the open; use https://{origin_of(parts)}/…"
        )
    found = PATH.fullmatch(parts.path)
    if found is None:
        raise _no(_why(parts))
    return Address(parts.scheme, origin_of(parts), found["user"], found["code"])


def _split(text: str) -> SplitResult:
    if "://" not in text and re.match(r"[\w.-]+(:\d+)?/", text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known:
        raise _no("it is not a web address")
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


def _no(why: str) -> NeedsPerson:
    return NeedsPerson(f"This webhook address cannot be used: {why}. It should look like {LOOKS_LIKE}")
