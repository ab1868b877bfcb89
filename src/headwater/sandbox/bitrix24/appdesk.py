"""What a test may do to the applications of a portal: install, change, expire, revoke, remove them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from headwater.sandbox.bitrix24.apps import Apps, Grant, address, named
from headwater.sandbox.bitrix24.books import App, Books
from headwater.sandbox.bitrix24.events import INSTALLED, REMOVED, Events
from headwater.sandbox.bitrix24.offline import Offline


class AppDesk(ABC):
    """The part of a portal that knows applications."""

    books: Books
    apps: Apps
    events: Events
    offline: Offline

    @abstractmethod
    def save(self) -> None:
        """Remembers the books."""

    @property
    def domain(self) -> str:
        """The portal's address without its scheme."""
        return self.events.root.partition("://")[2]

    def install_app(
        self,
        *,
        user_id: int | None = None,
        scopes: Sequence[str] | None = None,
        redirect_uri: str = "",
        install_url: str = "",
        finished: bool = True,
        **words: str,
    ) -> Grant:
        """Somebody (by default who owns the first webhook) installs a local application, with the scopes of
        that webhook unless others are given; its keys and first tokens.

        `redirect_uri` is where logins end, `install_url` hears ONAPPINSTALL; while it is not `finished` no
        event reaches it. `client_id, client_secret, application_token` are drawn when they are not given.
        ValueError says what is wrong.
        """
        webhook, owner = self.books.credential()
        if install_url:
            address(install_url)
        person = owner.id if user_id is None else user_id
        wanted = webhook.scopes if scopes is None else scopes
        app = self.apps.install(person, wanted, redirect_uri=redirect_uri, finished=finished, **words)
        self.save()
        if install_url:
            installed = "Y" if finished else "N"
            about = {"VERSION": "1", "ACTIVE": "Y", "INSTALLED": installed, "LANGUAGE_ID": "ru"}
            self.events.post(app, install_url, INSTALLED, about)
        return self.apps.grant(app)

    def change_app(
        self,
        client_id: str = "",
        *,
        scopes: Sequence[str] | None = None,
        paid: bool | None = None,
        finished: bool | None = None,
    ) -> None:
        """Changes an application, by default the first: what it may do, whether it is paid for, whether its
        installation is finished. KeyError when there is none, ValueError says what is wrong."""
        app = self.apps.one(client_id)
        app.scopes = app.scopes if scopes is None else named(scopes)
        app.paid = app.paid if paid is None else paid
        app.finished = app.finished if finished is None else finished
        self.save()

    def uninstall_app(self, client_id: str = "", *, clean: bool = True) -> None:
        """Removes an application with its tokens, handlers and queue; handlers of ONAPPUNINSTALL are told."""
        app = self.apps.one(client_id)
        self.apps.remove(app)
        for handler in self.events.of(app):
            self.events.unbind(handler.id)
            if REMOVED in handler.events:
                self.events.post(app, handler.url, REMOVED, {"LANGUAGE_ID": "ru", "CLEAN": str(int(clean))})
        self.offline.drop(app.id)
        self.save()

    def grant(self, client_id: str = "", user_id: int | None = None) -> Grant:
        """Fresh tokens of an application, for the person who installed it or another."""
        return self.apps.grant(self.apps.one(client_id), user_id)

    def expire_tokens(self, client_id: str = "", *, refresh: bool = False) -> None:
        """The time of an application's access tokens is over (401 expired_token), and with `refresh` that of
        its refresh tokens (invalid_grant)."""
        self.apps.expire(self.apps.one(client_id), refresh=refresh)
        self.save()

    def revoke_tokens(self, client_id: str = "") -> None:
        """An application's tokens are worth nothing (401 invalid_token, invalid_grant); it must be authorised
        again."""
        self.apps.revoke(self.apps.one(client_id))
        self.save()

    def set_feature(self, code: str, *, on: bool) -> None:
        """What the plan has: rest_offline_extended (offline events), rest_auth_connector."""
        self.books.features[code] = "Y" if on else "N"
        self.save()

    def app_of(self, application_token: str = "") -> App:
        """The application of this token, by default the first; it is installed when there is none."""
        for app in self.books.apps:
            if not app.removed and application_token in ("", app.application_token):
                return app
        return self.apps.one(self.install_app(application_token=application_token).client_id)
