"""An application's access to a portal: the token it shows, and the exchange of a worn-out one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

import orjson

from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater
from headwater.core.ports import Clock, Tokens
from headwater.network.client import Answer, Http, Unreadable, parsed, wait_of
from headwater.sources.bitrix24.address import Site, site

SERVER = "https://oauth.bitrix.info"
AGAIN = (
    "take a fresh refresh token from the application (install it again, or open it) and give it to "
    "`headwater connect` once more; the connection keeps its data"
)
REFUSED: Mapping[str, str] = {
    "invalid_grant": "the refresh token is not valid: each works once, for 180 days at most. This one was "
    "used (if it was given to Headwater before, its connection is kept: see `headwater doctor`), or a "
    f"renewal whose answer was lost has used it up. If the connection does not work, {AGAIN}",
    "not_installed": f"the application was removed from the portal; install it again, {AGAIN}",
    "payment_required": "the time of the application or of the portal's subscription is over; renew it",
    "wrong_client": "there is no application with this client id; copy it from the application's card",
    "invalid_client": "the client secret is not the application's; copy it from the application's card",
    "invalid_scope": f"the application's rights have changed; {AGAIN}",
    "insufficient_scope": f"the application's rights have changed; {AGAIN}",
    "no_auth_found": f"the server does not know the token; {AGAIN}",
    "invalid_request": f"the refresh token is missing or no token at all; {AGAIN}",
}


@dataclass(frozen=True, slots=True)
class App:
    """An application on one portal. Its text form is what is kept, encrypted; its repr hides the secrets.

    `server` exchanges tokens; `member` is the portal's lasting id, once the server has told it. Without an
    access token the first request is preceded by an exchange.
    """

    portal: str
    client_id: str
    client_secret: str
    refresh_token: str
    server: str = SERVER
    access_token: str = ""
    member: str = ""

    @classmethod
    def load(cls, text: str) -> Self:
        """From what `dump` made. Raises NeedsPerson when it is anything else."""
        try:
            return cls(**{name: str(value) for name, value in orjson.loads(text).items()})
        except (orjson.JSONDecodeError, AttributeError, TypeError):
            raise NeedsPerson(
                "the credentials of the application cannot be read: connect it again with `headwater connect "
                "bitrix24 --app …`"
            ) from None

    def dump(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    def __repr__(self) -> str:
        return f"App({self.portal}, {self.client_id}, ***)"


def application(portal: str, client_id: str, client_secret: str, refresh_token: str, server: str = "") -> App:
    """What a person gave, made sure of as far as that goes without asking. Raises NeedsPerson."""
    words = {"client id": client_id, "client secret": client_secret, "refresh token": refresh_token}
    for what, word in words.items():
        if not word.strip() or not word.strip().isascii() or len(word.split()) > 1:
            raise NeedsPerson(f"The {what} is empty or no single word: copy it again from the application")
    return App(
        str(site(portal)), client_id.strip(), client_secret.strip(), refresh_token.strip(),
        str(site(server or SERVER, what="authorization server")),
    )  # fmt: skip


def is_app(credentials: str) -> bool:
    """Whether these are an application's, and not a webhook's address."""
    return credentials.lstrip().startswith("{")


def site_of(credentials: str) -> Site:
    """The portal of an application, as its address was given."""
    return site(App.load(credentials).portal)


class Access:
    """What an application shows a portal. `key` is the portal's lasting id, as soon as it is known."""

    def __init__(self, text: str, *, http: Http, tokens: Tokens | None, clock: Clock) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._log = log.get("sources").bind(source="bitrix24")
        self._take(text)

    @property
    def shown(self) -> str:
        """The access token in use; empty before the first one."""
        return self._app.access_token

    async def token(self) -> str:
        """The access token in use. The very first one is fetched; none is ever renewed ahead of time."""
        if not self._app.access_token:
            await self.renew("")
        return self._app.access_token

    async def renew(self, refused: str) -> None:
        """Another token than the refused one: what somebody else has fetched meanwhile, or a fresh one."""
        if self._app.access_token != refused:
            return
        if self._tokens is None:
            raise NeedsPerson(f"{self._app.portal}: the access has expired, and nobody keeps its renewal")
        self._take(await self._tokens.renewed(self._text, self._exchanged))

    def _take(self, text: str) -> None:
        self._text, self._app = text, App.load(text)
        self.key = self._app.member
        self._http.hide(self._app.client_secret, self._app.refresh_token, self._app.access_token)

    async def _exchanged(self, text: str) -> str:
        """Fresh credentials for the price of the refresh token in `text`, which is worth nothing then."""
        app = App.load(text)
        what = f"{app.portal}: oauth.token at {app.server}"
        self._log.info("access is renewed", portal=app.portal)
        asked = {
            "grant_type": "refresh_token",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "refresh_token": app.refresh_token,
        }
        answer = await self._http.get(f"{app.server}/oauth/token/", asked, what=what)
        body = self._read(answer, what)
        fresh = replace(app, **{name: body[name] for name in ("access_token", "refresh_token")})
        self.key = str(body.get("member_id") or app.member)
        return replace(fresh, member=self.key).dump()

    def _read(self, answer: Answer, what: str) -> Mapping[str, Any]:
        now = self._clock.now()
        try:
            body = parsed(answer.body)
        except Unreadable as exc:
            raise self._http.refusal(answer, what=what, now=now) from exc
        if isinstance(body, dict) and "error" in body:
            raise self._refusal(body, answer, what, now)
        told = body if isinstance(body, dict) else {}
        tokens = [told.get(name) for name in ("access_token", "refresh_token")]
        if answer.status >= 400 or not all(isinstance(one, str) and one for one in tokens):
            raise NeedsPerson(
                f"{what}: HTTP {answer.status}, an answer without tokens; check the authorization server's "
                f"address; if it is right, {AGAIN}"
            )
        self._http.hide(*map(str, tokens))
        return told

    def _refusal(self, body: Mapping[str, Any], answer: Answer, what: str, now: datetime) -> HeadwaterError:
        word = self._http.clean(str(body["error"]))[:60]
        text = " ".join(self._http.clean(str(body.get("error_description") or "")).split())[:200]
        said = f"{what}: HTTP {answer.status}, {word} “{text}”"
        if advice := REFUSED.get(word.lower()):
            return NeedsPerson(f"{said}; {advice}")
        if answer.status == 429 or answer.status >= 500:
            return RetryLater(f"{said}; it will be asked again", wait=wait_of(answer.headers, now))
        return NeedsPerson(f"{said}; check the application, its keys and the authorization server's address")
