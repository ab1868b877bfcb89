"""Applications and their tokens: how access is granted, recognised, renewed once and taken away."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx2

from headwater.sandbox.bitrix24.books import App, Books
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.errors import (
    expired,
    invalid_token,
    no_application,
    no_credential,
    payment_required,
)
from headwater.sandbox.bitrix24.store import Store

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 180 * 86_400
CODE_SECONDS = 30

_ACCESS = re.compile(r"([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})[0-9a-f]{40}")


class Once(StrEnum):
    """What is good for one exchange: the code of a login, and the token that renews access."""

    CODE = "code"
    REFRESH = "refresh"


_LIFETIMES = {Once.CODE: CODE_SECONDS, Once.REFRESH: REFRESH_SECONDS}


@dataclass(frozen=True, slots=True)
class Access:
    """A token of an application that acts for a person, and when it expires, in seconds since 1970."""

    token: str
    expires: int


@dataclass(frozen=True, slots=True)
class Grant:
    """All an application needs to act on the portal: what it is and the tokens of one person."""

    client_id: str
    client_secret: str
    application_token: str
    user_id: int
    scopes: tuple[str, ...]
    access_token: str
    refresh_token: str
    expires: int


class Apps:
    """The applications of a portal. Access tokens say everything themselves and are signed; codes and refresh
    tokens are kept in the store until they are used. Times are the portal's own, without its skew."""

    def __init__(self, store: Store, books: Books, clock: PortalClock) -> None:
        self._store = store
        self._books = books
        self._clock = clock
        key = store.read("token_key") or secrets.token_hex(32)
        store.write("token_key", key)
        self._key = key.encode()
        store.execute(
            "create table if not exists grants (token text primary key, kind text not null,"
            " app integer not null, person integer not null, expires real not null)"
        )

    def install(
        self,
        user_id: int,
        scopes: Sequence[str],
        *,
        redirect_uri: str = "",
        client_id: str = "",
        client_secret: str = "",
        application_token: str = "",
        finished: bool = True,
    ) -> App:
        """One more application; what is not given is drawn. ValueError says what is wrong."""
        self._person(user_id)
        if client_id and self.known(client_id):
            raise ValueError(f"there is an application {client_id} already")
        if redirect_uri:
            redirect_uri = str(address(redirect_uri))
        number = max((app.id for app in self._books.apps), default=0) + 1
        made = App(
            number,
            client_id or f"local.{secrets.token_hex(7)}.{secrets.randbelow(90_000_000) + 10_000_000}",
            client_secret or secrets.token_urlsafe(37)[:50],
            application_token or secrets.token_hex(16),
            user_id,
            named(scopes),
            redirect_uri,
            finished=finished,
        )
        self._books.apps.append(made)
        return made

    def known(self, client_id: str) -> App | None:
        """The application of a client id, also one that is gone by now."""
        return next((app for app in self._books.apps if app.client_id == client_id), None)

    def one(self, client_id: str = "") -> App:
        """The installed application of a client id, by default the first. KeyError when there is none."""
        for app in self._books.apps:
            if not app.removed and client_id in ("", app.client_id):
                return app
        raise KeyError(
            f"no application {client_id} is installed" if client_id else "no application is installed"
        )

    def access(self, app: App, user_id: int) -> Access:
        """A fresh access token."""
        expires = int(self._clock.steady()) + ACCESS_SECONDS
        said = f"{expires:08x}{app.id:08x}{user_id:08x}{self._store.serial('token'):08x}"
        return Access(said + self._signature(said), expires)

    def once(self, kind: Once, app: App, user_id: int) -> str:
        """A fresh code or refresh token."""
        token, now = secrets.token_hex(32), self._clock.steady()
        with self._store.together():
            self._store.execute("delete from grants where expires <= ?", (now,))
            self._store.execute(
                "insert into grants values (?, ?, ?, ?, ?)",
                (token, kind, app.id, user_id, now + _LIFETIMES[kind]),
            )
        return token

    def redeem(self, kind: Once, app: App, token: str) -> int | None:
        """Whom a code or refresh token stands for; it is worth nothing afterwards. None when it already was,
        or is another application's."""
        found = self._store.execute(
            "delete from grants where token = ? and kind = ? and app = ? returning person, expires",
            (token, kind, app.id),
        ).fetchall()
        return int(found[0][0]) if found and found[0][1] > self._clock.steady() else None

    def grant(self, app: App, user_id: int | None = None) -> Grant:
        """Fresh tokens, without any login; by default for the person who installed the application.
        ValueError when nobody has this id."""
        person = self._person(app.user_id if user_id is None else user_id)
        access = self.access(app, person)
        return Grant(
            app.client_id,
            app.client_secret,
            app.application_token,
            person,
            tuple(app.scopes),
            access.token,
            self.once(Once.REFRESH, app, person),
            access.expires,
        )

    def acting(self, token: str) -> tuple[App, int, int]:
        """Which application an access token belongs to, for whom it acts and until when. Refused as the
        vendor does: what is no token, nobody's, expired, of an application that is gone or unpaid."""
        said = _ACCESS.fullmatch(token)
        if said is None:
            raise no_credential()
        expires, app_id, user_id, number = (int(part, 16) for part in said.groups())
        app = self._books.app(app_id)
        if app is None or not hmac.compare_digest(token[32:], self._signature(token[:32])):
            raise invalid_token()
        if app.removed:
            raise no_application()
        if number <= app.revoked:
            raise invalid_token()
        if number <= app.expired or expires <= self._clock.steady():
            raise expired()
        if not app.paid:
            raise payment_required()
        return app, user_id, expires

    def expire(self, app: App, *, refresh: bool = False) -> None:
        """The time of all its access tokens is over, and (`refresh`) that of what renews them."""
        app.expired = self._store.serial("token")
        if refresh:
            self._forget(app)

    def revoke(self, app: App) -> None:
        """None of its tokens is worth anything; the application has to be authorised again."""
        app.revoked = self._store.serial("token")
        self._forget(app)

    def remove(self, app: App) -> None:
        """It is uninstalled."""
        app.removed = True
        self._forget(app)

    def _person(self, user_id: int) -> int:
        if self._books.person(user_id) is None:
            raise ValueError(f"nobody has the id {user_id} here")
        return user_id

    def _forget(self, app: App) -> None:
        self._store.execute("delete from grants where app = ?", (app.id,))

    def _signature(self, said: str) -> str:
        return hmac.digest(self._key, said.encode(), "sha256").hex()[:40]


def named(scopes: Sequence[str]) -> list[str]:
    """Scopes as they are kept; ValueError when they are no list of names."""
    if isinstance(scopes, str) or not all(isinstance(one, str) for one in scopes):
        raise ValueError(f"scopes is a list of names, such as ['crm', 'user'], not {scopes!r}")
    return list(scopes)


def address(url: str) -> httpx2.URL:
    """An http address; ValueError when it is none."""
    try:
        read = httpx2.URL(url)
    except httpx2.InvalidURL as exc:
        raise ValueError(f"{url!r} is no address of a handler: {exc}") from exc
    if read.scheme not in ("http", "https") or not read.host:
        raise ValueError(f"{url!r} is no address of a handler; it begins with http:// or https://")
    return read
