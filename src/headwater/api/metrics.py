"""Numbers for Prometheus: what happened and how things are, of the whole service, whichever process is
asked."""

import asyncio
import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security.utils import get_authorization_scheme_param
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from headwater import __version__
from headwater.api.callers import Opened, allowed, caller
from headwater.api.problems import Refusal
from headwater.core.errors import HeadwaterError
from headwater.core.metrics import BUILD, CPU, MEMORY, METRICS, POOL, POOL_QUEUE, POOL_SECONDS, UP, Metric
from headwater.core.tally import Count, Tally
from headwater.jobs.usage import usage
from headwater.sync import gauges
from headwater.wiring import House

SECONDS = 2.0
REMEMBERED = timedelta(seconds=5)
"""So long what was found holds for the next who asks: several may watch, and nobody pays twice."""

EXAMPLE = f"# HELP {UP.name} {UP.about}\n# TYPE {UP.name} gauge\n{UP.name} 1.0\n"

router = APIRouter(tags=["health"])


async def scraper(request: Request, house: Opened) -> UUID | None:
    """Whose numbers a caller may see: with the token of the settings those of every tenant (None), with a key
    those of his own."""
    token = house.settings.metrics_token
    scheme, secret = get_authorization_scheme_param(request.headers.get("authorization"))
    if token is not None and scheme.lower() == "bearer":
        given = secret.strip().encode("utf-8", "surrogateescape")
        if hmac.compare_digest(given, token.get_secret_value().encode()):
            return None
    who = allowed(await caller(request, house), "read")
    if who.own is not None:
        raise Refusal(
            403, "not-allowed", f"{who.name!r} sees only his own records, and this tells of all",
            help="Call with HEADWATER_METRICS_TOKEN, or with a key that sees the whole company.",
        )  # fmt: skip
    return who.tenant


class Scrapes:
    """What the database said last, by who asked."""

    def __init__(self) -> None:
        self._known: dict[UUID | None, tuple[datetime, list[Count]]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, house: House, tenant: UUID | None) -> list[Count]:
        """Lines of the database; where it does not answer in time, only that."""
        async with self._one_at_a_time:
            now = house.clock.now()
            at, found = self._known.get(tenant, (None, []))
            if at is None or not timedelta(0) <= now - at < REMEMBERED:
                found = await self._asked(house, tenant)
                self._known[tenant] = now, found
            return found

    async def _asked(self, house: House, tenant: UUID | None) -> list[Count]:
        try:
            async with asyncio.timeout(SECONDS):
                found = await gauges.lines(house.warehouse, house.clock, house.settings.home, tenant)
        except (HeadwaterError, TimeoutError):
            return [Count(UP.name, (), 0.0)]
        return [Count(UP.name, (), 1.0), *found]


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}}}},
)
async def metrics(
    request: Request, house: Opened, tenant: Annotated[UUID | None, Depends(scraper)]
) -> Response:
    """Wants HEADWATER_METRICS_TOKEN as bearer, which shows every tenant, or a key, which shows its own. While
    the database is away `headwater_database_up` is 0, and what it would tell is missing."""
    scrapes: Scrapes = request.app.state.scrapes
    asked: Tally = request.app.state.asked
    found = await scrapes.of(house, tenant)
    return Response(
        shown([*found, *_of_process(house), *asked.counts()]), headers={"content-type": CONTENT_TYPE_LATEST}
    )


def shown(counts: Iterable[Count]) -> bytes:
    """The lines as Prometheus reads them. What is not declared any more is left out."""
    by_name: dict[str, list[Count]] = {}
    for one in counts:
        by_name.setdefault(one.name, []).append(one)
    registry = CollectorRegistry()
    registry.register(_Told([_family(metric, by_name) for metric in METRICS]))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = [one for one in families if one.samples]

    def collect(self) -> Iterable[Family]:
        return self._families


def _family(metric: Metric, by_name: dict[str, list[Count]]) -> Family:
    family = Family(metric.name.removesuffix("_total"), metric.about, metric.kind)
    if metric.kind == "histogram":
        for name, labels, value in _histogram(metric, by_name):
            family.add_sample(name, labels, value)
    else:
        for one in by_name.get(metric.name, []):
            family.add_sample(metric.name, dict(one.labels), one.value)
    return family


def _histogram(
    metric: Metric, by_name: dict[str, list[Count]]
) -> Iterator[tuple[str, dict[str, str], float]]:
    """All buckets of each line, in order; those that were never counted are 0."""
    bucket, total, count = metric.lines
    known = {one.labels: one.value for one in by_name.get(bucket, [])}
    sums = {one.labels: one.value for one in by_name.get(total, [])}
    for one in by_name.get(count, []):
        labels = dict(one.labels)
        for bound in [*(f"{each:g}" for each in metric.buckets), "+Inf"]:
            held = tuple(sorted({**labels, "le": bound}.items()))
            yield bucket, {**labels, "le": bound}, known.get(held, 0.0)
        yield total, labels, sums.get(one.labels, 0.0)
        yield count, labels, one.value


def _of_process(house: House) -> Iterator[Count]:
    own, pool = usage(), house.warehouse.pool_figures()
    yield Count(BUILD.name, (("version", __version__),), 1.0)
    yield Count(MEMORY.name, (), own.memory)
    yield Count(CPU.name, (), own.cpu)
    for state, name in (("open", "pool_size"), ("idle", "pool_available"), ("most", "pool_max")):
        yield Count(POOL.name, (("state", state),), pool.get(name, 0))
    yield Count(POOL_QUEUE.name, (), pool.get("requests_waiting", 0))
    yield Count(POOL_SECONDS.name, (), pool.get("requests_wait_ms", 0) / 1000)
