"""How many requests a caller and an address may make: no runaway script and no flood starves others."""

import hashlib
import math

from starlette.datastructures import Headers
from starlette.types import Scope

from headwater.api.buckets import Buckets
from headwater.api.problems import Refusal
from headwater.core.ports import Clock
from headwater.sync.hearing import BASE as EVENTS

BURST_SECONDS = 10
"""So many seconds' worth of requests may come at once."""


class Pace:
    """Requests a minute, by what a caller shows (key, token or session) and by where he comes from; 0: as
    many as he likes. Events are not counted: a portal sends a thousand at once and none of them twice, and
    their door turns strangers away by itself."""

    def __init__(self, clock: Clock, *, key_minute: int, address_minute: int) -> None:
        self._by_key = _buckets(clock, key_minute)
        self._by_address = _buckets(clock, address_minute)

    def refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        """Takes the request's tokens; 429, with the seconds to wait, when there are none."""
        if (
            scope["method"] == "POST"
            and scope["path"].startswith(f"{EVENTS}/")
            and "authorization" not in headers
        ):
            return None
        counted = [(self._by_address, (scope.get("client") or ("",))[0], "this address")]
        if shown := headers.get("authorization") or headers.get("cookie"):
            counted.append(
                (self._by_key, hashlib.sha256(shown.encode("latin-1")).digest(), "this key or session")
            )
        late = [(wait, who) for known, name, who in counted if known and (wait := known.wait(name))]
        if late:
            wait, who = max(late)
            return Refusal(
                429, "too-many", f"{who} makes more requests than it may",
                help="Wait the seconds in the header Retry-After. An operator sets how many are allowed: "
                "HEADWATER_KEY_REQUESTS_PER_MINUTE, HEADWATER_ADDRESS_REQUESTS_PER_MINUTE.",
                headers={"retry-after": str(math.ceil(wait))},
            )  # fmt: skip
        for known, name, _ in counted:
            if known:
                known.take(name)
        return None


def _buckets(clock: Clock, a_minute: int) -> Buckets | None:
    """None where there is no limit."""
    burst = max(1.0, a_minute * BURST_SECONDS / 60)
    return Buckets(clock, burst=burst, a_second=a_minute / 60) if a_minute else None
