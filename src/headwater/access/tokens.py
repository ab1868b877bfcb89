"""Tokens of others (JWT) that we believe: of a Supabase project, of one OpenID Connect issuer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from jwt import PyJWK
from jwt.exceptions import (
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)
from jwt.types import Options

from headwater.outside.jwks import KeySet

LONGEST = 16_384
LONGEST_SUBJECT = 255
LEEWAY = timedelta(seconds=30)
FAR = 10**11
"""Seconds since 1970 that no token means."""

AUDIENCE = "authenticated"
"""For whom Supabase makes tokens of people who have entered."""

WHY: Mapping[type[Exception], str] = {
    InvalidAudienceError: "it is made for somebody else (its audience)",
    InvalidIssuerError: "its issuer is another",
    InvalidSignatureError: "its signature is wrong",
    InvalidAlgorithmError: "its algorithm is not that of the key",
}


class NotBelieved(Exception):
    """A token that proves nothing, and why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom an issuer vouches for. `verified`: the issuer says that the address is really his
    (of Supabase never: whether it checks is the project's own matter). `granted`: what
    a Supabase project's administrators wrote of him (`app_metadata`); None from other issuers."""

    issuer: str
    subject: str
    email: str | None
    verified: bool
    granted: Mapping[str, Any] | None


class Issuers:
    """Whose tokens are believed. Which one a token names decides only with what it is checked."""

    def __init__(
        self,
        *,
        supabase_secret: str | None = None,
        supabase_issuer: str | None = None,
        keys: KeySet | None = None,
        audience: str | None = None,
    ) -> None:
        self._secret = supabase_secret
        self._supabase = supabase_issuer
        self._keys = keys
        self._audience = audience

    async def identity(self, token: str, *, now: datetime) -> Identity:
        """Whom a token vouches for. Raises NotBelieved; RetryLater while the issuer's keys cannot be had."""
        if len(token) > LONGEST:
            raise NotBelieved("it is too long")
        try:
            said = jwt.decode_complete(token, options={"verify_signature": False})
        except (PyJWTError, ValueError, RecursionError) as exc:
            raise NotBelieved("it cannot be read") from exc
        if self._keys is not None and said["payload"].get("iss") == self._keys.issuer:
            key = await self._keys.key(said["header"].get("kid"))
            if key is None:
                raise NotBelieved("its issuer has no such key")
            claims = _checked(token, key, key.algorithm_name, self._audience, self._keys.issuer, now)
            return _identity(claims, self._keys.issuer, supabase=self._keys.issuer == self._supabase)
        if self._secret is not None:
            claims = _checked(token, self._secret, "HS256", AUDIENCE, self._supabase, now)
            return _identity(claims, self._supabase or "supabase", supabase=True)
        raise NotBelieved("its issuer is another")


def _checked(
    token: str, key: PyJWK | str, algorithm: str, audience: str | None, issuer: str | None, now: datetime
) -> dict[str, Any]:
    """What a token says, after everything about it was checked. The algorithm is the key's, whatever the
    token says; the time is ours."""
    ours: Options = {
        "verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "aud", "sub"],
    }  # fmt: skip
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], audience=audience, issuer=issuer, options=ours
        )
    except MissingRequiredClaimError as exc:
        raise NotBelieved(f"it does not say {exc.claim!r}") from exc
    except (PyJWTError, ValueError, TypeError) as exc:
        raise NotBelieved(WHY.get(type(exc), "it cannot be read")) from exc
    until, since = _moment(claims, "exp"), _moment(claims, "nbf")
    if until is None or until + LEEWAY.total_seconds() <= now.timestamp():
        raise NotBelieved("it has expired")
    if since is not None and since - LEEWAY.total_seconds() > now.timestamp():
        raise NotBelieved("it is not valid yet")
    return claims


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < FAR:
        raise NotBelieved(f"{name!r} in it is no time")
    return float(value)


def _identity(claims: Mapping[str, Any], issuer: str, *, supabase: bool) -> Identity:
    subject, email, granted = claims["sub"], claims.get("email"), claims.get("app_metadata")
    said = claims.get("email_verified")
    if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise NotBelieved("'sub' in it names nobody")
    return Identity(
        issuer,
        subject,
        email if isinstance(email, str) else None,
        verified=not supabase and (said is True or said == "true"),
        granted=(granted if isinstance(granted, dict) else {}) if supabase else None,
    )
