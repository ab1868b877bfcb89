"""What Bitrix24's refusals mean for us: each of its words becomes one of our errors."""

from collections.abc import Callable, Mapping
from typing import Any

from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, SkipRecord, StopSync
from headwater.network.client import TooSlow

OVERLOAD_SECONDS = 900.0


class TooMany(RetryLater):
    """The portal's request bucket is full."""


class Spent(RetryLater):
    """A method has used up its operating time."""


class Expired(NeedsPerson):
    """The credential's time is over; an application renews its own."""


class Denied(NeedsPerson):
    """A record that exists and may not be seen, or a method that may not be called."""


class Already(StopSync):
    """What was to be made is there."""


PERSON: Mapping[str, str] = {
    "expired_token": "the webhook has expired; make a new one and connect again",
    "invalid_token": "the webhook is not known any more; make a new one and connect again",
    "no_auth_found": "the webhook's code is wrong or was revoked; copy its address again",
    "invalid_credentials": "the webhook's code or user number is wrong; copy its address again",
    "authorization_error": "the person who made the webhook was dismissed; let another person make one",
    "application_not_found": "the webhook was deleted; make a new one and connect again",
    "error_oauth": "the portal does not accept the webhook; make a new one and connect again",
    "not_installed": "the application was removed from the portal; make a new webhook",
    "payment_required": "the portal's subscription has ended; renew it",
    "method_confirm_waiting": "an administrator of the portal must confirm this method first",
    "method_confirm_denied": "an administrator of the portal denied this method; ask him to allow it",
    "insufficient_scope": "the webhook lacks a right; edit it in Bitrix24 and tick the scope it needs "
    "(crm, user, department or telephony)",
    "access_denied": "the plan or the rights of the webhook's owner do not allow it",
    "user_access_error": "the webhook's owner has no access; let an administrator make the webhook",
    "wrong_auth_type": "a webhook may not call this method",
    "allowed_only_intranet_user": "the webhook's owner is an external user; let an employee make it",
    "error_method_not_found": "the portal does not know this method, or the address lacks the user's number",
    "error_manifest_is_not_available": "the portal does not offer this",
    "invalid_request": "the portal wants https",
    "portal_deleted": "the portal was deleted or closed; check with its owner",
}
OF_APP: Mapping[str, str] = {
    **PERSON,
    "expired_token": "even a fresh access token is refused; connect the application again",
    "invalid_token": "the application's access was taken back; install it again and connect it again",
    "no_auth_found": "the portal does not know the access token; connect the application again",
    "invalid_credentials": "the portal does not know the access token; connect the application again",
    "authorization_error": "the person the application acts for was dismissed; let another one install it",
    "application_not_found": "the application was removed from the portal; install it and connect it again",
    "error_oauth": "the portal does not accept the application; install it and connect it again",
    "not_installed": "the application was removed from the portal; install it and connect it again",
    "payment_required": "the time of the application or of the portal's subscription is over; renew it",
    "insufficient_scope": "the application lacks a right; edit it in Bitrix24 and tick the scope it needs "
    "(crm, user, department or telephony)",
    "access_denied": "the plan, or the rights of the person the application acts for, do not allow it",
    "user_access_error": "the person may not use the application; give him access in its settings",
    "wrong_auth_type": "an application may not call this method",
    "allowed_only_intranet_user": "the application acts for an external user; let an employee install it",
    "error_method_not_found": "the portal does not know this method",
}
"""The same, said to whoever looks after an application."""

PASSING: Mapping[str, tuple[type[RetryLater], str]] = {
    "query_limit_exceeded": (TooMany, "too many requests, it will be asked again"),
    "operation_time_limit": (Spent, "the method rests until its time budget returns"),
    "overload_limit": (RetryLater, "Bitrix24 has blocked the portal's REST for now"),
    "internal_server_error": (RetryLater, "it will be asked again"),
    "error_unexpected_answer": (RetryLater, "it will be asked again"),
}
OURS = frozenset({"error_batch_length_exceeded", "error_batch_method_not_allowed"})
# Classic methods refuse with an empty word; their description is all there is.
SAID: tuple[tuple[str, type[HeadwaterError], str], ...] = (
    ("access denied", Denied, "the rights of whoever asks do not allow it"),
    ("disk resource exhausted", NeedsPerson, "the portal's disk is full; make room there"),
    ("not found", SkipRecord, "there is no such record"),
    ("id is not defined", SkipRecord, "there is no such record"),
    ("already binded", Already, "it is there already"),
    ("general error", RetryLater, "it will be asked again"),
)


def refusal(
    body: Mapping[str, Any],
    *,
    what: str,
    status: int | None,
    clean: Callable[[str], str],
    wait: float | None,
    advice: Mapping[str, str] = PERSON,
) -> HeadwaterError:
    """The error behind `{"error": …, "error_description": …}`; `status` is None inside a batch.

    `wait` is what the portal's headers said of waiting, if anything; `advice` what a person is told.
    """
    code = str(body.get("error", ""))
    word = code.lower()
    text = " ".join(clean(str(body.get("error_description", ""))).split())[:200]
    where = f"HTTP {status}, " if status is not None else ""
    said = f"{what}: {where}{clean(code)[:60] or 'no code'} “{text}”"
    if word in PASSING:
        passing, hint = PASSING[word]
        return passing(f"{said}; {hint}", wait=OVERLOAD_SECONDS if word == "overload_limit" else wait)
    if word in advice:
        kind = {"expired_token": Expired, "access_denied": Denied}.get(word, NeedsPerson)
        return kind(f"{said}; {advice[word]}")
    if word in OURS:
        return StopSync(f"{said}; this is a mistake of ours, please report it")
    for words, meaning, hint in SAID:
        if words in text.lower():
            return meaning(f"{said}; {hint}")
    return _by_status(said, status, wait)


def _by_status(said: str, status: int | None, wait: float | None) -> HeadwaterError:
    if status in (401, 403, 404, 410):
        return NeedsPerson(f"{said}; check the access, its rights and the address")
    if status == 504:
        return TooSlow(f"{said}; it will be asked again", wait=wait)
    if status is not None and (status == 429 or status >= 500):
        return RetryLater(f"{said}; it will be asked again", wait=wait)
    return StopSync(f"{said}; the portal does not accept the request and would refuse it again")
