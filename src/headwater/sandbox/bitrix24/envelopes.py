"""The form an event is posted in: what happened, to which handler, with which tokens."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from headwater.sandbox.bitrix24.apps import ACCESS_SECONDS, Apps, Once
from headwater.sandbox.bitrix24.books import App, Books, Handler

AUTH_SERVER = "https://oauth.bitrix.info/rest/"
"""The vendor's own, for handlers that have no tokens to renew; an application is sent to this portal's."""

_ORDER = (
    "access_token", "expires", "expires_in", "scope", "domain", "server_endpoint", "status",
    "client_endpoint", "member_id", "user_id", "refresh_token", "application_token",
)  # fmt: skip


def body(
    handler: Handler, event: str, data: Mapping[str, Any], sent_at: int, auth: Mapping[str, str]
) -> bytes:
    """`sent_at` is when it left, not when the change was made; `data` may be nested, or nothing."""
    pairs = [
        ("event", event),
        ("event_handler_id", str(handler.id)),
        *_flat("data", data),
        ("ts", str(sent_at)),
    ]
    return urlencode([*pairs, *_flat("auth", auth)]).encode()


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Nested keys as PHP writes them; an empty array is not written at all."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _flat(f"{name}[{key}]", inside)
    elif isinstance(value, list):
        for at, inside in enumerate(value):
            yield from _flat(f"{name}[{at}]", inside)
    else:
        yield name, str(value)


def auth(
    books: Books, apps: Apps, handler: Handler, root: str, *, user_id: int, renewable: bool
) -> dict[str, str]:
    """Who says so, and (to an application, on behalf of `user_id`) how to ask back. Nobody's event and one of
    an application that is gone carry no token; a `renewable` one carries a refresh token too."""
    known = {
        "domain": root.partition("://")[2],
        "client_endpoint": f"{root}/rest/",
        "server_endpoint": AUTH_SERVER,
        "member_id": books.member_id,
        "application_token": handler.application_token,
    }
    app = books.app(handler.app_id)
    if app is None:
        return known
    known |= {"server_endpoint": f"{root}/rest/"}
    if not app.removed:
        known |= {"status": "L"}
        person = handler.auth_type or user_id
        known |= _tokens(apps, app, person, renewable=renewable) if person else {}
    return {name: known[name] for name in _ORDER if name in known}


def _tokens(apps: Apps, app: App, user_id: int, *, renewable: bool) -> dict[str, str]:
    access = apps.access(app, user_id)
    tokens = {
        "access_token": access.token,
        "expires": str(access.expires),
        "expires_in": str(ACCESS_SECONDS),
        "scope": ",".join(app.scopes),
        "user_id": str(user_id),
    }
    return tokens | ({"refresh_token": apps.once(Once.REFRESH, app, user_id)} if renewable else {})
