"""A rehearsal portal in the test's hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson
import pytest

from headwater.sandbox.bitrix24.books import (
    Books,
    Currency,
    Department,
    Person,
    Pipeline,
    Process,
    UserField,
    Webhook,
)
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.door import app
from headwater.sandbox.bitrix24.faults import Fault, Kind
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.limits import Rules
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sources.bitrix24 import Bitrix24
from headwater.testing.fakes import CountingPace, FakeClock

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SECRET = "k9secretcode42"
SCOPES = ("crm", "user", "telephony", "department")


@dataclass(frozen=True)
class Subject:
    """What a world speaks of: an entity, what the portal calls it, and how its records come about.

    `times` are filled with now, `words` given as they are; an edit changes `edited`; `spoiled` is a field
    with what it cannot hold. `custom`: it has custom fields.
    """

    slug: str
    name: str
    times: Sequence[str]
    spoiled: tuple[str, Any]
    edited: str = "TITLE"
    words: Mapping[str, Any] = field(default_factory=dict)
    custom: bool = True


WATCHED = ("DATE_CREATE", "DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME")
SUBJECTS = {
    one.slug: one
    for one in (
        Subject("deals", "deal", WATCHED, ("OPPORTUNITY", "много")),
        Subject("leads", "lead", WATCHED, ("OPPORTUNITY", "много")),
        Subject("contacts", "contact", WATCHED, ("BIRTHDATE", "летом"), "LAST_NAME"),
        Subject("companies", "company", WATCHED, ("REVENUE", "много")),
        Subject("items_177", "dynamic_177", WATCHED, ("BEGINDATE", "летом")),
        Subject(
            "activities", "activity", ("CREATED", "LAST_UPDATED", "START_TIME", "END_TIME"),
            ("RESULT_SUM", "много"), "SUBJECT", {"TYPE_ID": "1"}, custom=False,
        ),
        Subject("products", "product", ("DATE_CREATE", "TIMESTAMP_X"), ("PRICE", "даром"), "NAME", custom=False),
        Subject(
            "calls", "call", ("CALL_START_DATE",), ("CALL_DURATION", "долго"), "COMMENT", custom=False
        ),
        Subject(
            "lead_stage_history", "lead_stages", ("CREATED_TIME",), ("TYPE_ID", "первый"), "STATUS_ID",
            {"OWNER_ID": "3", "STATUS_ID": "NEW", "STATUS_SEMANTIC_ID": "P"}, custom=False,
        ),
        Subject(
            "deal_stage_history", "deal_stages", ("CREATED_TIME",), ("TYPE_ID", "первый"), "STAGE_ID",
            {"OWNER_ID": "3", "STAGE_ID": "NEW", "STAGE_SEMANTIC_ID": "P"}, custom=False,
        ),
    )
}  # fmt: skip


class Twisted(httpx2.AsyncBaseTransport):
    """A portal that says something else than it should: `twist` may change each parsed answer, and is told
    what was asked."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, twist: Callable[[Any, Any], object]) -> None:
        self.inner = inner
        self.twist = twist

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.inner.handle_async_request(request)
        body = orjson.loads(await answer.aread())
        self.twist(body, orjson.loads(request.content))
        return httpx2.Response(answer.status_code, json=body)


class World:
    """A small portal: an admin and a salesman, one pipeline, a custom field of every awkward type. Records
    are made and changed of one of its entities, deals unless another is named."""

    secret = SECRET
    url = f"https://acme.bitrix24.ru/rest/1/{SECRET}/"

    def __init__(self, rules: Rules | None = None, *, entity: str = "deals") -> None:
        self.entity = entity
        self.subject = SUBJECTS[entity]
        self.custom = self.subject.custom
        books = Books(
            people=[Person(1, "Анна", "Ким", admin=True), Person(7, "Олег", "Пак")],
            webhooks=[Webhook(1, SECRET, [*SCOPES]), Webhook(7, SECRET, [*SCOPES])],
            currencies=[Currency("RUB", "Рубль", "1", base=True)],
            user_fields=[
                UserField(1, "CRM_DEAL", "UF_CRM_CITY", "string", "Город"),
                UserField(2, "CRM_DEAL", "UF_CRM_BUDGET", "money", "Бюджет"),
                UserField(
                    3,
                    "CRM_DEAL",
                    "UF_CRM_WAY",
                    "enumeration",
                    "Канал",
                    True,
                    options=[[79, "Опт"], [81, "Розница"]],
                ),
                UserField(4, "CRM_DEAL", "UF_CRM_VISIT", "datetime", "Визит"),
                UserField(5, "CRM_LEAD", "UF_CRM_METRO", "string", "Метро"),
                UserField(6, "CRM_CONTACT", "UF_CRM_TELEGRAM", "string", "Telegram"),
                UserField(7, "CRM_COMPANY", "UF_CRM_STORE", "address", "Склад"),
                UserField(8, "CRM_44", "UF_CRM_44_ENGINEER", "employee", "Инженер"),
            ],
            departments=[Department(1, "Акме")],
            processes=[Process(44, 177, "Заявки на сервис")],
        )
        books.open_pipeline(
            Pipeline(7, "Общая", 500, 177), [("NEW", "Новая", None), ("SUCCESS", "Выполнена", "S")]
        )
        books.open_pipeline(
            Pipeline(0, "Общая", 10), [("NEW", "Новая", None), ("WON", "Успех", "S"), ("LOSE", "Отказ", "F")]
        )
        self.portal = Portal(books, clock=PortalClock(START), rules=rules or Rules(on=False))
        self.clock = FakeClock(START, also=self.portal.clock.advance)
        self.pace = CountingPace()
        self.transport = httpx2.ASGITransport(app(self.portal))

    def connect(self, url: str | None = None, **options: Any) -> Bitrix24:
        given = {"pace": self.pace, "clock": self.clock, "transport": self.transport} | options
        if self.entity.startswith("items_"):  # an earlier connection found them
            given = {"memory": {"processes": [[177, "Заявки на сервис"]]}} | given
        return Bitrix24(url or self.url, **given)

    def connect_twisted(self, twist: Callable[[Any, Any], object], **options: Any) -> Bitrix24:
        return self.connect(transport=Twisted(self.transport, twist), **options)

    def now(self) -> datetime:
        return self.portal.clock.now()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @property
    def silent(self) -> bool:
        """Only of deals is anybody told."""
        return self.entity != "deals"

    @property
    def table(self) -> Table:
        return self.portal.tables[self.subject.name]

    def add(self, count: int) -> Sequence[str]:
        first = self.portal.store.last_id(self.table) + 1
        ids = range(first + 2, first + 2 + 3 * count, 3)
        blank = self.table.record(0, self.table.empties) | dict(self.subject.words)
        blank |= dict.fromkeys(self.subject.times, self.portal.clock.shown())
        edited = self.subject.edited
        self.portal.store.put(
            self.table,
            (
                (id_, self.table.row(blank | {edited: blank[edited] or f"Запись {id_}", "ID": str(id_)}))
                for id_ in ids
            ),
        )
        return [str(id_) for id_ in ids]

    def remove(self, ids: Sequence[str]) -> None:
        self.portal.remove((int(id_) for id_ in ids), self.subject.name, silent=self.silent)

    def touch(self, ids: Sequence[str]) -> None:
        clock = {self.subject.times[0]: self.portal.clock.shown()} if len(self.subject.times) == 1 else {}
        for id_ in ids:
            self.change(id_, {self.subject.edited: f"тронута {self.now()}"} | clock)

    def spoil(self, id: str) -> str:
        name, value = self.subject.spoiled
        self.change(id, {name: value})
        return self.table.fields[name].item_name if self.entity.startswith("items_") else name

    def change(self, id: str, fields: Mapping[str, Any], **words: Any) -> None:
        """Sets raw values of one record."""
        self.portal.change(int(id), fields, entity=self.subject.name, silent=self.silent, **words)

    def overload(self, requests: int) -> None:
        self.fault(Kind.QUERY_LIMIT, count=requests)

    def stumble(self, requests: int) -> None:
        self.fault(Kind.HTML, count=requests, status=502)

    def lock_out(self) -> None:
        self.portal.books.webhooks.clear()

    def fault(self, kind: Kind, **words: Any) -> None:
        self.portal.add_fault(Fault(kind, **words))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def worlds() -> type[World]:
    """Worlds of other entities: `worlds(entity="leads")`."""
    return World


@pytest.fixture
def limited_world() -> World:
    """The same portal with the vendor's limits on."""
    return World(Rules())
