"""The authorization server: logins that end in a code, codes and refresh tokens that become access."""

import hmac
import html
from datetime import UTC, datetime
from typing import Any

import httpx2

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.answers import Answer, Request, page
from headwater.sandbox.bitrix24.apps import ACCESS_SECONDS, Once
from headwater.sandbox.bitrix24.books import App
from headwater.sandbox.bitrix24.errors import Refused, payment_required
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.running import timing

TOKEN, AUTHORIZE, APP_INFO = "oauth/token", "oauth/authorize", "oauth/app.info"
_GRANTS = {"authorization_code": ("code", Once.CODE), "refresh_token": ("refresh_token", Once.REFRESH)}


def method_of(path: str) -> str | None:
    """What is asked of the authorization server; None when the path is not one of its own. Its `app.info`
    differs from the portal's by the slash at its end."""
    if path == "/rest/app.info/":
        return APP_INFO
    inside = path.strip("/")
    return inside if inside.startswith("oauth/") else None


def authorized(portal: Portal, request: Request, method: str) -> Answer:
    """The authorization server's answer to one request; Refused where it is an error of the vendor's."""
    named = {name: php.text(value) for name, value in request.params.items()}
    if method == TOKEN:
        return Answer(200, php.encode(_tokens(portal, named)))
    if method == AUTHORIZE:
        return _login(portal, named)
    if method == APP_INFO:
        return Answer(200, php.encode(_about(portal, named.get("auth", ""))))
    return page(404)


def _tokens(portal: Portal, named: dict[str, str]) -> dict[str, Any]:
    """Exchanges a code or a refresh token, which is worth nothing afterwards, for fresh ones."""
    if named.get("grant_type") not in _GRANTS:
        raise _error(400, "invalid_request", "Invalid grant_type parameter or parameter missing")
    name, kind = _GRANTS[named["grant_type"]]
    app = portal.apps.known(named.get("client_id", ""))
    if app is None:
        raise _error(200, "wrong_client")
    if not hmac.compare_digest(named.get("client_secret", "").encode(), app.client_secret.encode()):
        raise _error(400, "invalid_client")
    if app.removed:
        raise _error(401, "NOT_INSTALLED", "Application not installed")
    if not app.paid:
        raise payment_required()
    if not named.get(name):
        raise _error(400, "invalid_request", f'No "{name}" parameter found')
    asked = {scope for scope in named.get("scope", "").split(",") if scope}
    if not asked <= set(app.scopes):
        text = "Given scope exceeds permissions associated with given grant"
        raise _error(403, "invalid_scope", text)
    with portal.store.together():
        user_id = portal.apps.redeem(kind, app, named[name])
        if user_id is None:
            raise _error(400, "invalid_grant")
        grant = portal.apps.grant(app, user_id)
    return {
        "access_token": grant.access_token,
        "expires": grant.expires,
        "expires_in": ACCESS_SECONDS,
        "scope": ",".join(grant.scopes),
        "domain": portal.domain,
        "server_endpoint": f"{portal.events.root}/rest/",
        "status": "L",
        "client_endpoint": f"{portal.events.root}/rest/",
        "member_id": portal.books.member_id,
        "user_id": user_id,
        "refresh_token": grant.refresh_token,
    }


def _login(portal: Portal, named: dict[str, str]) -> Answer:
    """Whoever installed the application is logged in and agrees; what is wrong is told to that person alone,
    on a page without a way back."""
    app = portal.apps.known(named.get("client_id", ""))
    if app is None or app.removed:
        return page(404, "Application not found")
    person = portal.books.person(app.user_id)
    if person is None or not person.active:
        return page(403)
    code = portal.apps.once(Once.CODE, app, person.id)
    if not app.redirect_uri:
        return page(200, html.escape(code))  # for a person to copy
    said = {
        "code": code,
        "state": named.get("state", ""),
        "domain": portal.domain,
        "member_id": portal.books.member_id,
        "scope": ",".join(app.scopes),
        "server_domain": portal.domain,
    }
    back = httpx2.URL(app.redirect_uri).copy_merge_params(said)
    return Answer(302, b"", "text/html", {"location": str(back)})


def _about(portal: Portal, token: str) -> dict[str, Any]:
    """What the server can vouch for: whose token it is and how the application stands on the portal."""
    try:
        app, user_id, expires = portal.apps.acting(token)
    except Refused as refused:
        known = {"invalid_token": _error(400, "invalid_client")}
        known["APPLICATION_NOT_FOUND"] = _error(401, "NOT_INSTALLED", "Application not installed")
        raise known.get(str(refused.body["error"]), refused) from refused
    shown = {
        "client_id": app.client_id,
        "scope": ",".join(app.scopes),
        "expires": datetime.fromtimestamp(expires, UTC).isoformat(),
        "install": _installation(portal, app),
        "user_id": user_id,
    }
    return {"result": shown, "time": timing(portal, None, APP_INFO, portal.clock.time(), 0.005)}


def _installation(portal: Portal, app: App) -> dict[str, Any]:
    return {
        "installed": app.finished,
        "version": app.version,
        "status": "L",
        "scope": ",".join(app.scopes),
        "domain": portal.domain,
        "uri": portal.events.root,
        "client_endpoint": f"{portal.events.root}/rest/",
        "member_id": portal.books.member_id,
        "member_type": "main",
    }


def _error(status: int, code: str, description: str = "") -> Refused:
    """Most errors of this server come without a description."""
    refused = Refused(status, code, description)
    if not description:
        del refused.body["error_description"]
    return refused
