"""Calls and batches to one portal: paced, retried, every answer checked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, SkipRecord, StopSync
from headwater.core.ports import Clock, Pace
from headwater.network.client import (
    Answer,
    Http,
    TooSlow,
    Unreadable,
    moved_to,
    origin_of,
    parsed,
    wait_of,
)
from headwater.network.way import is_loopback
from headwater.sources.bitrix24.address import Address, Site
from headwater.sources.bitrix24.budget import BATCH, Budget
from headwater.sources.bitrix24.oauth import Access
from headwater.sources.bitrix24.refusals import OF_APP, PERSON, Expired, Spent, TooMany, refusal
from headwater.sources.bitrix24.shapes import method_of, section

TRIES = 5
COMMANDS = 50  # the portal's limit of one batch
PATIENCE_SECONDS = 660.0  # who is told to wait longer than a method rests tells his caller instead
MOVES = 4
RENEWALS = 2  # what another process fetched may have expired since; what we fetched ourselves cannot


class Reply(NamedTuple):
    """One HTTP answer: what it brought, and what it cost; `seconds`: until it was here."""

    began: int
    now: datetime
    result: Any
    total: Any
    time: Mapping[str, Any]
    bytes: int
    seconds: float = 0.0


class Batch(NamedTuple):
    """One HTTP answer to several commands: every key is either in `results` or in `errors`."""

    reply: Reply
    results: Mapping[str, Any]
    errors: Mapping[str, HeadwaterError]
    totals: Mapping[str, Any]


class Wire:
    """The line to one portal: a webhook's, whose address says it all, or an application's, with its access.

    `requests` counts what was sent, `began` is the read number of the latest request; `now` is the portal's
    time and `zone` its own offset as last told; `moved` is called with the new host of a renamed portal.
    """

    def __init__(
        self,
        place: Address | Site,
        *,
        http: Http,
        pace: Pace,
        clock: Clock,
        moved: Callable[[str], None],
        access: Access | None = None,
    ) -> None:
        self._place = place
        self._access = access
        self._advice = PERSON if access is None else OF_APP
        self._http = http
        self._pace = pace
        self._clock = clock
        self._moved = moved
        self._budget = Budget(pace.share)
        self._log = log.get("sources").bind(source="bitrix24")
        self.requests = 0
        self.began = 0
        self.now = clock.now()
        self.zone: tzinfo | None = None

    @property
    def portal(self) -> str:
        return self._place.portal

    async def call(
        self, method: str, params: Mapping[str, Any] | None = None, *, tries: int = TRIES
    ) -> Reply:
        """What one method answers."""
        reply = await self._patiently(method, params or {}, [method], tries)
        await self._tell()
        return reply

    async def batch(
        self, commands: Mapping[str, str], *, tries: int = TRIES, divisible: bool = False
    ) -> Batch:
        """What each of up to 50 commands answers, in one request; refusals are kept beside the results.

        A caller that can ask for less at a time says `divisible`: he gets TooSlow at once, and TooLarge at
        half the usual limit.
        """
        methods = {key: method_of(command) for key, command in commands.items()}
        hasty = divisible and len(commands) > 1
        with self._budget.spending(methods.values()):
            reply = await self._patiently(BATCH, {"halt": 0, "cmd": commands}, methods.values(), tries, hasty)
        found = self._sorted_out(reply, methods)
        await self._tell()
        if any(isinstance(exc, Spent) for exc in found.errors.values()):
            await self._pace.refused(self.portal)
        return found

    async def rooms(
        self, methods: Iterable[str], most: int = COMMANDS, *, patient: bool = True
    ) -> dict[str, int]:
        """How many commands of each method, at most `most`, may go out now without using up its time. Who is
        `patient` waits until one of them may."""
        named = sorted(set(methods))
        while True:
            self._budget.learn(await self._pace.costs(self.portal), self._clock.now())
            found = {name: self._budget.room(name, self._clock.now(), most) for name in named}
            if any(found.values()) or not patient:
                return found
            rest = min(self._budget.rest([name], self._clock.now()) for name in named)
            self._log.info("methods rest", methods=named, seconds=round(rest))
            await self._clock.sleep(rest)

    async def _tell(self) -> None:
        if news := self._budget.news():
            await self._pace.spent(self.portal, news)

    async def settle(self, commands: Mapping[str, str], *, tries: int = TRIES) -> Batch:
        """Like `batch`, but commands that failed in passing are asked again until each has an answer.

        What is left in `errors` is final. Raises RetryLater when something keeps failing in passing.
        """
        batch = await self.batch(commands, tries=tries)
        results, errors, totals = dict(batch.results), dict(batch.errors), dict(batch.totals)
        for attempt in range(1, tries + 1):
            passing = {key: exc for key, exc in errors.items() if isinstance(exc, RetryLater)}
            if not passing:
                break
            worst = max(passing.values(), key=lambda exc: exc.wait or 0.0)
            if attempt == tries or (worst.wait or 0.0) > PATIENCE_SECONDS:
                raise worst
            await self._clock.sleep(pause(worst, attempt))
            batch = await self.batch({key: commands[key] for key in passing}, tries=tries)
            results |= batch.results
            totals |= batch.totals
            errors = {key: exc for key, exc in errors.items() if key not in passing} | dict(batch.errors)
        return Batch(batch.reply, results, errors, totals)

    async def _patiently(
        self,
        method: str,
        params: Mapping[str, Any],
        methods: Iterable[str],
        tries: int,
        hasty: bool = False,
    ) -> Reply:
        named = set(methods)

        def again(exc: BaseException) -> bool:
            if not isinstance(exc, RetryLater) or (exc.wait or 0.0) > PATIENCE_SECONDS:
                return False
            return not (isinstance(exc, TooSlow) and hasty)

        async for attempt in AsyncRetrying(
            sleep=self._clock.sleep,
            stop=stop_after_attempt(tries),
            wait=_waiting,
            retry=retry_if_exception(again),
            reraise=True,
        ):
            with attempt:
                return await self._once(method, params, named, hasty)
        raise AssertionError("tenacity ends by returning or raising")

    async def _once(
        self, method: str, params: Mapping[str, Any], methods: Iterable[str], hasty: bool
    ) -> Reply:
        if (rest := self._budget.rest(methods, self._clock.now())) > 0:
            self._log.info("method rests", method=method, seconds=round(rest))
            await self._clock.sleep(rest)
        moves, renewals = 0, 0
        while moves < MOVES:
            what = f"{self.portal}: {method}"
            token = await self._access.token() if self._access else ""
            self.began = began = await self._pace.turn(self.portal)
            self.requests += 1
            url = self._place.url(method)
            sent_at = self._clock.now()
            answer = await self._http.post(
                url, {**params, "auth": token} if token else params, what=what,
                limit=self._http.limit // 2 if hasty else None,
            )  # fmt: skip
            there = moved_to(answer, url)
            if there is not None:
                self._follow(there, what)
                moves += 1
                continue
            try:
                reply = self._read(method, answer, began, what)
                return reply._replace(seconds=self._seconds(reply, sent_at))
            except (TooMany, Spent):
                await self._pace.refused(self.portal)
                raise
            except Expired:
                if self._access is None or renewals >= RENEWALS:
                    raise
                await self._access.renew(token)
                renewals += 1
        raise NeedsPerson(f"{what}: redirected {MOVES} times in a row; check the portal's address")

    def _seconds(self, reply: Reply, sent_at: datetime) -> float:
        """What an answer took: by the portal's own account, or more where the way is long."""
        told = reply.time.get("duration")
        waited = (self._clock.now() - sent_at).total_seconds()
        return max(float(told) if isinstance(told, int | float) else 0.0, waited)

    def _follow(self, there: str, what: str) -> None:
        """A renamed portal answers 302 with its new host; the same request goes there."""
        parts = urlsplit(there)
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
        host = origin_of(parts)
        if (
            not secure
            or not parts.path.startswith("/rest/")
            or (parts.scheme, host)
            == (
                self._place.scheme,
                self.portal,
            )
        ):
            shown = self._http.clean(f"{parts.scheme}://{host}{parts.path}")
            raise NeedsPerson(
                f"{what}: redirected to {shown}, which is no REST over https; check the portal's address"
            )
        self._log.warning("portal moved", old=self.portal, new=host)
        self._place = replace(self._place, scheme=parts.scheme, portal=host)
        self._moved(host)

    def _read(self, method: str, answer: Answer, began: int, what: str) -> Reply:
        now = self._clock.now()
        try:
            body = parsed(self._unlocked(answer.body))
        except Unreadable as exc:
            raise self._http.refusal(answer, what=what, now=now) from exc
        if not isinstance(body, dict) or ("result" not in body and "error" not in body):
            raise self._http.refusal(answer, what=what, now=now)
        time = body["time"] if isinstance(body.get("time"), dict) else {}
        self._budget.note(method, time, now)
        if "result" not in body or answer.status >= 400:
            refused = refusal(
                body,
                what=what,
                status=answer.status,
                clean=self._http.clean,
                wait=wait_of(answer.headers, now),
                advice=self._advice,
            )
            raise self._with_rest(refused, method, now)
        return Reply(
            began, self._moment(time, now), body["result"], body.get("total"), time, len(answer.body)
        )

    def _unlocked(self, body: bytes) -> bytes:
        """A body without our secret: addresses of files carry it, and would carry it into the warehouse."""
        word = self._place.code if isinstance(self._place, Address) else self._access and self._access.shown
        secret = (word or "").encode()
        return body.replace(secret, b"***") if secret and secret in body else body

    def _moment(self, time: Mapping[str, Any], now: datetime) -> datetime:
        try:
            moment = datetime.fromisoformat(time["date_start"])
        except (KeyError, TypeError, ValueError):
            return now
        if moment.tzinfo is None:
            return now
        self.now, self.zone = moment, moment.tzinfo
        return moment

    def _sorted_out(self, reply: Reply, methods: Mapping[str, str]) -> Batch:
        outer = reply.result if isinstance(reply.result, dict) else {}
        now = self._clock.now()
        dearest: dict[str, float] = {}
        for key, time in section(outer.get("result_time")).items():
            if isinstance(time, dict) and key in methods:
                self._budget.note(methods[key], time, now)
                took = time.get("duration")
                seconds = float(took) if isinstance(took, int | float) else 0.0
                for method in (methods[key], BATCH):
                    dearest[method] = max(dearest.get(method, 0.0), seconds)
        self._budget.price(dearest)
        answered, refused = section(outer.get("result")), section(outer.get("result_error"))
        errors: dict[str, HeadwaterError] = {}
        for key, method in methods.items():
            what = f"{self.portal}: {method} in a batch"
            if key in refused:
                body = refused[key] if isinstance(refused[key], dict) else {"error": refused[key]}
                exc = refusal(
                    body, what=what, status=None, clean=self._http.clean, wait=None, advice=self._advice
                )
                if isinstance(exc, Expired) and self._access is not None:
                    exc = RetryLater(f"{exc}; it will be asked again")  # the next request renews the access
                errors[key] = self._with_rest(exc, method, now)
            elif key not in answered:
                errors[key] = RetryLater(f"{what}: no answer to this command; it will be asked again")
        results = {key: answered[key] for key in methods if key in answered and key not in errors}
        return Batch(reply, results, errors, section(outer.get("result_total")))

    def _with_rest(self, exc: HeadwaterError, method: str, now: datetime) -> HeadwaterError:
        if isinstance(exc, Spent) and exc.wait is None:
            exc.wait = self._budget.blocked(method, now)
        return exc


def pause(exc: RetryLater, attempt: int) -> float:
    """Seconds to wait after the `attempt`-th failure: what the other side said, else 4 to 60."""
    return exc.wait if exc.wait is not None else min(60.0, 4.0 * 2 ** (attempt - 1))


async def wait_out(clock: Clock, trouble: HeadwaterError, failures: int) -> None:
    """Waits before a list is asked for again after so many failures; raises where waiting does not help."""
    if isinstance(trouble, SkipRecord):
        raise StopSync(f"{trouble} (as the answer to a list)") from trouble
    if not isinstance(trouble, RetryLater) or failures >= TRIES or (trouble.wait or 0.0) > PATIENCE_SECONDS:
        raise trouble
    await clock.sleep(pause(trouble, max(1, failures)))


def _waiting(state: RetryCallState) -> float:
    exc = state.outcome.exception() if state.outcome else None
    return pause(exc, state.attempt_number) if isinstance(exc, RetryLater) else 0.0
