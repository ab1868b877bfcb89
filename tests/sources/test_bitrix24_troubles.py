"""What goes wrong between us and a portal, end to end: the kind of error and the words people read."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
import structlog

from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, StopSync, Unfit
from headwater.core.model import Fate, Field, Kind, Span
from headwater.sandbox.bitrix24.faults import Kind as Fault
from headwater.sources.bitrix24 import Bitrix24
from headwater.testing.source_suite import ids_of, read, rows_of

ALL = Span("deals", "all")


async def check(source: Bitrix24) -> Any:
    return await source.check()


async def survey(source: Bitrix24) -> Any:
    return await source.survey(["deals"])


async def reading(source: Bitrix24) -> Any:
    return await read(source, [ALL])


async def failure(source: Bitrix24, act: Callable[[Bitrix24], Awaitable[Any]]) -> HeadwaterError:
    with pytest.raises(HeadwaterError) as caught:
        await act(source)
    return caught.value


@pytest.mark.parametrize("act", [check, survey, reading])
@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"kind": "html", "status": 403}, NeedsPerson, "HTTP 403, <html> <head><title>403 Forbidden"),
        ({"kind": "html", "status": 404}, NeedsPerson, "there is nothing at this address"),
        ({"kind": "html", "status": 502}, RetryLater, "HTTP 502"),
        ({"kind": "html", "status": 504}, RetryLater, "HTTP 504"),
        ({"kind": "html_200"}, RetryLater, "not JSON, or cut off"),
        ({"kind": "cut"}, RetryLater, "not JSON, or cut off"),
        ({"kind": "drop"}, RetryLater, "not reached"),
        ({"kind": "query_limit"}, RetryLater, "too many requests"),
        ({"kind": "overload"}, RetryLater, "blocked the portal's REST for now"),
        ({"kind": "deleted"}, NeedsPerson, "the portal was deleted or closed"),
        ({"kind": "unpaid"}, NeedsPerson, "REST is available only on commercial plans"),
        ({"kind": "moved", "to": "www.bitrix24.ru:0/login?x"}, NeedsPerson, "redirected to"),
    ],
    ids=lambda value: "_".join(map(str, value.values())) if isinstance(value, dict) else None,
)
async def test_each_trouble_has_its_kind_and_its_words(
    world: Any,
    fault: dict[str, Any],
    kind: type[HeadwaterError],
    words: str,
    act: Callable[[Bitrix24], Awaitable[Any]],
) -> None:
    world.add(3)
    world.portal.add_fault({"count": None, **fault})

    exc = await failure(world.connect(), act)

    assert isinstance(exc, kind)
    assert words in str(exc)
    assert world.secret not in str(exc)


@pytest.mark.parametrize("act", [check, survey, reading])
async def test_a_wrong_code_needs_a_person_and_is_not_repeated(
    world: Any, act: Callable[[Bitrix24], Awaitable[Any]]
) -> None:
    source = world.connect("https://acme.bitrix24.ru/rest/1/thewrongcode/")

    exc = await failure(source, act)

    assert isinstance(exc, NeedsPerson)
    assert "INVALID_CREDENTIALS" in str(exc)
    assert "copy its address again" in str(exc)
    assert "thewrongcode" not in str(exc)
    assert len(world.pace.turns) == 1


async def test_the_webhook_of_a_dismissed_person_says_so(world: Any) -> None:
    world.portal.books.people[0].active = False

    exc = await failure(world.connect(), check)

    assert isinstance(exc, NeedsPerson)
    assert "dismissed" in str(exc)


@pytest.mark.parametrize("act", [survey, reading])
async def test_a_missing_scope_is_named(world: Any, act: Callable[[Bitrix24], Awaitable[Any]]) -> None:
    world.portal.books.webhooks[0].scopes = ["user"]

    exc = await failure(world.connect(), act)

    assert isinstance(exc, NeedsPerson)
    assert "crm.deal." in str(exc)
    assert "tick the scope" in str(exc)


async def test_an_address_where_nobody_listens_says_so(world: Any) -> None:
    source = world.connect(f"http://127.0.0.1:9/rest/1/{world.secret}/", transport=None)

    exc = await failure(source, check)
    await source.close()

    assert isinstance(exc, RetryLater)
    assert "127.0.0.1:9: batch: not reached" in str(exc)
    assert "check the address" in str(exc)


async def test_reads_are_tried_five_times_with_growing_waits(world: Any) -> None:
    world.stumble(1_000)

    await failure(world.connect(), survey)

    assert len(world.pace.turns) == 5
    assert world.clock.slept == [4.0, 8.0, 16.0, 32.0]


@pytest.mark.parametrize(
    ("said", "waited"),
    [("7", 7.0), ("Sat, 21 Nov 2026 09:00:30 GMT", 30.0), ("soon", 4.0), ("-3", 4.0)],
)
async def test_retry_after_is_obeyed_as_a_number_and_as_a_date(world: Any, said: str, waited: float) -> None:
    answers = iter([httpx2.Response(503, headers={"Retry-After": said}, text="busy")])
    through = world.transport

    class Busy(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return next(answers, None) or await through.handle_async_request(request)

    await world.connect(transport=Busy()).check()

    assert world.clock.slept == [waited]


async def test_a_request_that_hangs_is_given_up_and_asked_again(world: Any) -> None:
    def hang(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("", request=request)

    exc = await failure(world.connect(transport=httpx2.MockTransport(hang)), survey)

    assert isinstance(exc, RetryLater)
    assert "no answer in time (ReadTimeout)" in str(exc)


@pytest.mark.parametrize(
    "place",
    [
        "http://evil.example/rest/1/x/batch.json",
        "https://www.bitrix24.ru/",
        "https://acme.bitrix24.ru/rest/1/x/y",
    ],
)
async def test_a_redirect_that_is_no_renamed_portal_is_not_followed(world: Any, place: str) -> None:
    asked: list[str] = []

    def redirect(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(302, headers={"Location": place})

    exc = await failure(world.connect(transport=httpx2.MockTransport(redirect)), check)

    assert isinstance(exc, NeedsPerson)
    assert asked == ["acme.bitrix24.ru"]


async def test_redirects_in_a_circle_end(world: Any) -> None:
    def redirect(request: httpx2.Request) -> httpx2.Response:
        other = "a.example" if request.url.host == "b.example" else "b.example"
        return httpx2.Response(302, headers={"Location": f"https://{other}/rest/1/x/batch.json"})

    exc = await failure(world.connect(transport=httpx2.MockTransport(redirect)), check)

    assert "redirected 4 times in a row" in str(exc)


async def test_a_portal_that_ignores_the_bounds_of_a_page_stops_the_reading(world: Any) -> None:
    rows = [{"ID": str(number)} for number in range(1, 51)]

    def first_page_for_ever(request: httpx2.Request) -> httpx2.Response:
        keys = httpx2.Response(200, content=request.content).json()["cmd"]
        return httpx2.Response(200, json={"result": {"result": dict.fromkeys(keys, rows)}})

    source = world.connect(transport=httpx2.MockTransport(first_page_for_ever))
    exc = await failure(source, lambda source: read(source, [Span("deals", "all", after=50)]))

    assert isinstance(exc, StopSync)
    assert "records above id 50" in str(exc)
    assert "obeys the filter" in str(exc)


async def test_a_portal_that_ignores_the_ids_asked_for_stops_the_reading(world: Any) -> None:
    def others(request: httpx2.Request) -> httpx2.Response:
        keys = httpx2.Response(200, content=request.content).json()["cmd"]
        return httpx2.Response(200, json={"result": {"result": {key: [{"ID": "99"}] for key in keys}}})

    source = world.connect(transport=httpx2.MockTransport(others))

    with pytest.raises(StopSync, match="answered with others"):
        [page async for page in source.by_ids("deals", ["1", "2"])]


async def test_an_answer_in_invalid_utf8_loses_nothing_but_the_damaged_letters(world: Any) -> None:
    ids = world.add(60)
    world.fault(Fault.BAD_UTF8, method="crm.deal.list")
    source = world.connect()

    pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

    damaged = [row["COMMENTS"] for row in rows_of(pages) if row["COMMENTS"]]
    assert ids_of(source, pages) == list(ids)
    assert len(damaged) == 1
    assert damaged[0].startswith("broken ")
    assert damaged[0].endswith(" text")
    assert any("\udc80" <= letter <= "\udcff" for letter in damaged[0])


async def test_broken_values_are_refused_one_by_one_with_a_reason(world: Any) -> None:
    [id_] = world.add(1)
    world.portal.change(
        int(id_),
        {
            "TITLE": "a\x00b",
            "COMMENTS": "\x00",
            "OPPORTUNITY": "much",
            "TAX_VALUE": "1e400",
            "PROBABILITY": "99999999999999999999",
            "CLOSEDATE": "0000-00-00",
            "UF_CRM_VISIT": "20245-01-01T00:00:00+03:00",
            "OPENED": "maybe",
            "UF_CRM_BUDGET": "x|RUB",
        },
    )
    source = world.connect()
    fields = (await source.survey(["deals"])).fields["deals"]
    [row] = rows_of(await read(source, [ALL]))

    values, reasons = decoded(source, fields, row)

    assert values["TITLE"] == "a\x00b"
    assert values["COMMENTS"] == "\x00"
    assert values["UF_CRM_BUDGET_CURRENCY"] == "RUB"
    assert reasons == {
        "OPPORTUNITY": "“much” is not a number",
        "TAX_VALUE": "“1e400” is beyond what a number can hold",
        "PROBABILITY": "a whole number beyond 64 bits",
        "CLOSEDATE": "the year 0000 is outside 1 to 9999",
        "UF_CRM_VISIT": "the year 20245 is outside 1 to 9999",
        "OPENED": "“maybe” is neither yes nor no",
        "UF_CRM_BUDGET": "“x” is not a number",
    }


def decoded(
    source: Bitrix24, fields: list[Field], row: dict[str, Any]
) -> tuple[dict[str, str | None], dict[str, str]]:
    values: dict[str, str | None] = {}
    reasons: dict[str, str] = {}
    for field in fields:
        try:
            values[field.name] = source.decoder(field)(row.get(field.key))
        except Unfit as exc:
            reasons[field.name] = str(exc)
    return values, reasons


@pytest.mark.parametrize(
    "raw", [rb'"\ud800"', rb'"\u0000"', b"NaN", b"1e999", b"[" * 20 + b"]" * 20, b"9" * 400]
)
async def test_odd_json_in_a_value_does_not_lose_the_page(world: Any, raw: bytes) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        body = b'{"result":{"result":{"s0p0":[{"ID":"1"},{"ID":"2","COMMENTS":%s},{"ID":"3"}]}}}' % raw
        return httpx2.Response(200, content=body)

    source = world.connect(transport=httpx2.MockTransport(answer))

    pages = await read(source, [ALL])

    assert ids_of(source, pages) == ["1", "2", "3"]


async def test_the_code_gets_into_no_log(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.add(3)
    world.fault(Fault.MOVED, to="new.bitrix24.ru")
    world.stumble(1)
    source = world.connect()

    with structlog.testing.capture_logs() as logs:
        await source.survey(["deals"])

    assert logs
    assert world.secret not in caplog.text + str(logs)


async def test_an_echo_of_the_code_is_blotted_out(world: Any) -> None:
    def echo(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(400, text=f"<h1>Bad address {request.url}</h1>")

    exc = await failure(world.connect(transport=httpx2.MockTransport(echo)), check)

    assert "/rest/1/***/batch.json" in str(exc)
    assert world.secret not in str(exc)


def test_a_ca_file_that_is_not_there_is_named(world: Any) -> None:
    with pytest.raises(NeedsPerson, match=r"CA file /nowhere/ca\.pem"):
        world.connect(transport=None, verify="/nowhere/ca.pem")


def test_the_decoders_of_a_source_take_its_own_zone_for_times_without_one(world: Any) -> None:
    decode = world.connect().decoder(Field("X", Kind.MOMENT, type="datetime"))

    assert decode("2026-01-02 03:04:05") == "2026-01-02T03:04:05+00:00"


async def test_a_hidden_record_is_told_from_a_deleted_one(world):
    ids = world.add(4)
    world.portal.change(int(ids[0]), {"ASSIGNED_BY_ID": "1", "OPENED": "N"})
    world.portal.change(int(ids[1]), {"ASSIGNED_BY_ID": "7", "OPENED": "N"})
    world.remove(ids[2:3])
    source = world.connect(world.url.replace("/rest/1/", "/rest/7/"))

    [answer] = [answer async for answer in source.fates("deals", ids[:3])]

    assert [answer.fates[id] for id in ids[:3]] == [Fate.HIDDEN, Fate.HERE, Fate.GONE]
    await source.close()


async def test_a_method_that_is_refused_says_nothing_of_records(world):
    ids = world.add(3)
    world.fault(Fault.SCOPE, method="crm.deal.get")
    source = world.connect()

    with pytest.raises(NeedsPerson, match="insufficient_scope"):
        [answer async for answer in source.fates("deals", ids)]
    await source.close()
