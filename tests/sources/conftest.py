"""A rehearsal portal in the test's hand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from headwater.sandbox.bitrix24.books import Books, Currency, Person, Pipeline, UserField, Webhook
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.door import app
from headwater.sandbox.bitrix24.faults import Fault, Kind
from headwater.sandbox.bitrix24.limits import Rules
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sources.bitrix24 import Bitrix24
from headwater.testing.fakes import CountingPace, FakeClock

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SECRET = "k9secretcode42"
SCOPES = ("crm", "user", "telephony", "department")


class World:
    """A small portal: an admin and a salesman, one pipeline, a custom field of every awkward type."""

    entity = "deals"
    secret = SECRET
    url = f"https://acme.bitrix24.ru/rest/1/{SECRET}/"

    def __init__(self, rules: Rules | None = None) -> None:
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
            ],
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
        return Bitrix24(url or self.url, **given)

    def now(self) -> datetime:
        return self.portal.clock.now()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def add(self, count: int) -> Sequence[str]:
        first = self.portal.store.last_id(self.portal.deals) + 1
        ids = range(first + 2, first + 2 + 3 * count, 3)
        now = self.portal.clock.shown()
        table = self.portal.deals
        blank = table.record(0, table.empties)
        times = dict.fromkeys(("DATE_CREATE", "DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME"), now)
        self.portal.store.put(
            table,
            ((id_, table.row(blank | times | {"TITLE": f"Сделка {id_}", "ID": str(id_)})) for id_ in ids),
        )
        return [str(id_) for id_ in ids]

    def remove(self, ids: Sequence[str]) -> None:
        self.portal.remove(int(id_) for id_ in ids)

    def touch(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self.portal.change(int(id_), {"TITLE": f"тронута {self.now()}"})

    def spoil(self, id: str) -> str:
        self.portal.change(int(id), {"OPPORTUNITY": "много"})
        return "OPPORTUNITY"

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
def limited_world() -> World:
    """The same portal with the vendor's limits on."""
    return World(Rules())
