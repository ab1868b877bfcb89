"""The adapter alone: recorded batch answers of the sandbox become records, and their values text forms."""

from collections.abc import Sequence
from functools import cache

import httpx2

from bench.ground import Ground
from bench.measure import Sample, watched
from headwater.core.errors import Unfit
from headwater.core.model import Field, Row, Span
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.sources.bitrix24 import Bitrix24
from headwater.testing.fakes import CountingPace, FakeClock

URL = "https://bench.bitrix24.ru/rest/1/bench/"


class Recorder(httpx2.AsyncBaseTransport):
    """Keeps every answer of the portal behind it."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner = inner
        self.bodies: list[bytes] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.inner.handle_async_request(request)
        self.bodies.append(await answer.aread())
        return answer


class Replay(httpx2.AsyncBaseTransport):
    """Gives recorded answers, one after another."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self.bodies = iter(bodies)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=next(self.bodies), request=request)


def source(transport: httpx2.AsyncBaseTransport) -> Bitrix24:
    return Bitrix24(URL, pace=CountingPace(), clock=FakeClock(), transport=transport)


async def read(reader: Bitrix24, entity: str = "deals") -> tuple[Sequence[Field], list[Row]]:
    """The fields and all records of an entity."""
    survey = await reader.survey([entity])
    span = Span(entity, "all", upto=survey.newest[entity])
    records = [row async for page in reader.pages([span]) for part in page.parts for row in part.records]
    return survey.fields[entity], records


@cache
def portal(deals: int, *, whole: bool = False) -> bitrix24.Portal:
    options = Options(deals=deals, whole=whole, limits=False, virtual=True, code="bench")
    return bitrix24.built(options)


async def recorded(deals: int) -> list[bytes]:
    """The answers a full read of so many deals gets: the survey, then a batch for each 2,500."""
    recorder = Recorder(httpx2.ASGITransport(bitrix24.app(portal(deals))))
    reader = source(recorder)
    await read(reader)
    await reader.close()
    return recorder.bodies


def decoded(reader: Bitrix24, fields: Sequence[Field], records: Sequence[Row]) -> int:
    """How many values of these records have a text form, after making every one of them."""
    decoders = [(field.key, reader.decoder(field)) for field in fields]
    count = 0
    for record in records:
        for key, decode in decoders:
            try:
                count += decode(record.get(key)) is not None
            except Unfit:
                continue
    return count


async def once(ground: Ground) -> list[Sample]:
    """One run over the same answers."""
    bodies = await recorded(ground.size(50_000, 5_000))
    reader = source(Replay(bodies))
    with watched() as reading:
        fields, records = await read(reader)
    with watched() as decoding:
        decoded(reader, fields, records)
    await reader.close()
    seconds = reading.seconds + decoding.seconds
    return [
        Sample(
            f"read from answers ({len(fields)} fields)",
            len(records) / reading.seconds,
            "records/s",
            reading.cpu,
        ),
        Sample("values to text forms", len(records) / decoding.seconds, "records/s", decoding.cpu),
        Sample("both", len(records) / seconds, "records/s"),
        Sample("bytes of an answer, a record", sum(map(len, bodies)) / len(records), "bytes"),
    ]
