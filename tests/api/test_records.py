"""Records for callers: lists, one by one, files; each sees what is his."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from headwater.access.keys import Caller
from headwater.analytics.questions import LISTINGS
from headwater.api import callers
from headwater.api.app import built
from headwater.api.doorman import Doorman
from headwater.core.clock import WallClock
from headwater.core.settings import Settings
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault
from headwater.wiring import House

from .company import ANNA, BORIS, Company, filled

NAMES = ("leads", "deals", "contacts", "companies", "activities", "calls", "items")


@pytest.fixture(scope="module")
def two(module_database: Any) -> Iterator[tuple[Company, Company]]:
    """Two tenants in one database, with the same ids."""
    with module_database.as_admin() as admin:
        yield filled(admin)


@dataclass
class Api:
    application: Any
    client: httpx2.AsyncClient
    company: Company

    def calls(self, *people: str, company: Company | None = None) -> None:
        """Whoever calls from now on: of a company, who sees all of it, or what is of these people."""
        one = company or self.company
        own = {one.connection: people} if people else None
        who = Caller(one.tenant, 1, "test", frozenset({"read"}), own)
        self.application.dependency_overrides[callers.caller] = lambda: who

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ids(self, entity: str, **params: Any) -> list[str]:
        """Of all pages."""
        found: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = await self.get(f"/api/v1/records/{entity}", **params, **after)
            found += [one["id"] for one in page["records"]]
            if not page["more"]:
                assert page["next"] is None
                return found
            after = {"after": page["next"]}


@pytest.fixture
async def api(module_database: Any, two: tuple[Company, Company], tmp_path: Any) -> AsyncIterator[Api]:
    async with Warehouse(module_database.url(), size=3) as warehouse:
        house = House(Settings(home=tmp_path), warehouse, Vault(tmp_path / "secret.key"), WallClock())
        application = built(house)
        transport = httpx2.ASGITransport(Doorman(application), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://headwater") as client:
            made = Api(application, client, two[0])
            made.calls()
            yield made


class TestLists:
    async def test_records_come_newest_first_with_names_and_exact_amounts(self, api: Api) -> None:
        page = await api.get("/api/v1/records/deals", limit=2)

        first = page["records"][0]
        assert [one["id"] for one in page["records"]] == ["12", "11"]
        assert page["more"] is True
        assert first["connection"] == "bitrix24"
        assert first["value"] == "9007199254740993.12"
        assert first["stage_name"] == "Won"
        assert first["assigned_to_name"] == "Boris"
        assert first["created_at"] == "2026-11-12T09:00:00Z"
        assert first["custom_fields"] == {"uf_sum": 12345678901234567890, "uf_text": "roof"}

    @pytest.mark.parametrize(
        "order", ["created_at", "-closed_at", "id", "-id", "modified_at", "-modified_at"]
    )
    async def test_pages_of_any_size_hold_every_record_once(self, api: Api, order: str) -> None:
        whole = (await api.get("/api/v1/records/deals", order=order, limit=1000))["records"]

        assert len({(one["connection"], one["id"]) for one in whole}) == len(whole) == 13
        for limit in (1, 2, 3, 12, 13):
            assert await api.ids("deals", order=order, limit=limit) == [one["id"] for one in whole]

    async def test_records_without_a_value_come_last_whichever_way_it_goes(self, api: Api) -> None:
        for order, closed in (("closed_at", ["1", "2", "3"]), ("-closed_at", ["3", "2", "1"])):
            found = await api.get("/api/v1/records/deals", order=order)
            values = [one["closed_at"] for one in found["records"]]
            assert [one["id"] for one in found["records"]][:3] == closed
            assert values[3:] == [None] * 10

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"stage": "C3:WON"}, ["12", "2", "1"]),
            ({"stage": ["C3:WON", "NEW"], "value.lt": "200"}, ["1"]),
            ({"stage.in": "C3:WON,LOST"}, ["12", "3", "2", "1"]),
            ({"stage.ne": "NEW", "won": "false"}, ["3"]),
            ({"value.gte": "9007199254740993.12"}, ["12"]),
            ({"value.gt": "9007199254740993.12"}, []),
            ({"value": "200", "connection": "bitrix24"}, ["2"]),
            ({"created_at.gte": "2026-11-11", "created_at.lt": "2026-11-12T12:00:00+03:00"}, ["11"]),
            ({"created_at": "2026-11-12T12:00:00+03:00"}, ["12"]),
            ({"closed_at.null": "false"}, ["3", "2", "1"]),
            ({"title.contains": "РОМАШКА"}, ["1"]),
            ({"title.contains": "%"}, []),
            ({"id.in": "1,2,404", "connection": "bitrix24"}, ["2", "1"]),
            ({"assigned_to": BORIS, "won.null": "true", "id.ne": "10"}, ["8", "6", "4"]),
        ],
    )  # fmt: skip
    async def test_filters(self, api: Api, filters: dict[str, Any], expected: list[str]) -> None:
        assert await api.ids("deals", **filters) == expected

    async def test_a_total_is_told_when_asked_for(self, api: Api) -> None:
        page = await api.get("/api/v1/records/deals", limit=1, count=True, stage="C3:WON")

        assert (page["total"], page["total_exact"]) == (3, True)
        assert "total" not in await api.get("/api/v1/records/deals", limit=1)

    async def test_only_the_fields_that_were_asked_for_are_told(self, api: Api) -> None:
        page = await api.get("/api/v1/records/deals", fields="id, value", limit=1)

        assert page["records"] == [{"connection": "bitrix24", "id": "12", "value": "9007199254740993.12"}]

    async def test_one_of_several_connections(self, api: Api) -> None:
        assert await api.ids("deals", connection="north") == ["1"]
        assert (await api.client.get("/api/v1/records/deals?connection=south")).status_code == 404

    async def test_every_listing_answers_in_every_order_and_by_every_filter(self, api: Api) -> None:
        values = {
            "integer": "1",
            "number": "1.5",
            "flag": "true",
            "moment": "2026-11-01T00:00:00Z",
            "text": "1",
        }
        for one in (await api.get("/api/v1/records"))["records"]:
            filters = {
                f"{field['name']}.{operator}": "true" if operator == "null" else values[field["type"]]
                for field in one["fields"]
                for operator in field["operators"]
            }
            for order in one["orders"]:
                await api.get(one["list"], order=order, count=True)
                await api.get(one["list"], order=f"-{order}", limit=1, **filters)
                page = await api.get(one["list"], order=order, limit=1)
                if page["more"]:
                    await api.get(one["list"], order=order, limit=1, after=page["next"])

    async def test_items_of_one_smart_process_have_a_name_of_their_own(self, api: Api) -> None:
        assert await api.ids("items_177") == ["1"]
        assert await api.ids("items", process="180") == ["1"]
        assert len(await api.ids("items")) == 2

    @pytest.mark.parametrize(
        ("query", "where", "told"),
        [
            ("colour=red", "query.colour", "they are by: id"),
            ("custom_fields=1", "query.custom_fields", "they are by: id"),
            ("stage.gt=A", "query.stage.gt", "eq, ne, in, null, contains"),
            ("stage.=A", "query.stage.", "not by ''"),
            ("value.gte=much", "query.value.gte", "a number like"),
            ("value=NaN", "query.value", "a number like"),
            ("value=1e999999", "query.value", "a number like"),
            ("won=yes", "query.won", "true or false"),
            ("created_at.gte=yesterday", "query.created_at.gte", "a time with its zone"),
            ("created_at=2026-11-12T09:00:00", "query.created_at", "a time with its zone"),
            ("created_at.null=1", "query.created_at.null", "true or false"),
            ("title=" + "x" * 1001, "query.title", "at most 1000"),
            ("title=a%00b", "query.title", "text"),
            ("stage.in=" + ",".join("x" * 101), "query.stage", "at most 100 values"),
            ("order=title", "query.order", "id, created_at, closed_at, modified_at"),
            ("order=--id", "query.order", "in the order of"),
            ("fields=id,secret", "query.fields", "there are: id"),
            ("after=nonsense", "query.after", "take `next`"),
            ("after=" + "_" * 40, "query.after", "take `next`"),
            ("limit=0", "query.limit", ""),
            ("limit=1001", "query.limit", ""),
        ],
    )  # fmt: skip
    async def test_what_cannot_be_asked_is_said_with_what_can(
        self, api: Api, query: str, where: str, told: str
    ) -> None:
        answer = await api.client.get(f"/api/v1/records/deals?{query}")

        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert error["where"] == where
        assert told in error["problem"]

    async def test_a_place_belongs_to_its_question(self, api: Api) -> None:
        place = (await api.get("/api/v1/records/deals", limit=1))["next"]

        assert (await api.get("/api/v1/records/deals", limit=5, after=place))["records"]
        for other in ("deals?order=id", "deals?stage=NEW", "leads?", "deals?connection=bitrix24"):
            answer = await api.client.get(f"/api/v1/records/{other}&after={place}")
            assert "another question" in answer.text, other

    async def test_an_unknown_kind_of_records_is_told_which_there_are(self, api: Api) -> None:
        answer = await api.client.get("/api/v1/records/unicorns")

        assert answer.status_code == 404
        assert "leads, deals" in answer.json()["detail"]


class TestOne:
    async def test_a_record_comes_with_what_belongs_to_it(self, api: Api) -> None:
        found = await api.get("/api/v1/records/deal/1", connection="bitrix24")

        ids = {
            kind: [one.get("id", one.get("name")) for one in each["records"]]
            for kind, each in found["links"].items()
        }
        assert found["record"]["title"] == "Ромашка"
        assert ids == {
            "contacts": ["2", "1"], "companies": ["1"], "leads": ["1"], "products": ["Roof"],
            "activities": ["2", "1"], "comments": [None], "stage_history": [None, None],
        }  # fmt: skip
        assert [one["body"] for one in found["links"]["comments"]["records"]] == ["call back"]
        assert found["links"]["products"]["records"][0]["price"] == "99.999"

    @pytest.mark.parametrize(
        ("path", "kind", "expected"),
        [
            ("contacts/1", "deals", ["1"]), ("contacts/2", "deals", ["1"]), ("contacts/1", "companies", ["1"]),
            ("companies/1", "contacts", ["2", "1"]), ("companies/1", "deals", ["1"]),
            ("leads/1", "deals", ["1"]), ("leads/1", "contacts", ["1"]),
            ("activities/1", "deals", ["1"]), ("activities/1", "contacts", ["1"]), ("activities/1", "calls", ["1"]),
            ("calls/1", "activities", ["1"]), ("items_177/1", "deals", ["1"]),
        ],
    )  # fmt: skip
    async def test_links_go_both_ways(self, api: Api, path: str, kind: str, expected: list[str]) -> None:
        found = await api.get(f"/api/v1/records/{path}/links/{kind}", connection="bitrix24")

        assert [one["id"] for one in found["records"]] == expected

    async def test_what_belongs_to_a_record_comes_in_pages(self, api: Api) -> None:
        first = await api.get("/api/v1/records/deals/1/links/activities", connection="bitrix24", limit=1)
        second = await api.get(
            "/api/v1/records/deals/1/links/activities", connection="bitrix24", limit=1, after=first["next"]
        )

        assert [page["records"][0]["id"] for page in (first, second)] == ["2", "1"]
        assert second["more"] is False
        answer = await api.client.get(f"/api/v1/records/leads/1/links/activities?after={first['next']}")
        assert "another question" in answer.text

    async def test_a_history_tells_every_change_once_newest_first(self, api: Api) -> None:
        whole = await api.get("/api/v1/records/deals/1/history", connection="bitrix24")
        first = await api.get("/api/v1/records/deals/1/history", connection="bitrix24", limit=1)
        rest = await api.get(
            "/api/v1/records/deals/1/history", connection="bitrix24", limit=5, after=first["next"]
        )

        assert first["history"] + rest["history"] == whole["history"]
        assert [one["diff"] for one in whole["history"]] == [
            {"stage_id": ["NEW", "C3:WON"]}, {"opportunity": [1, 12345678901234567890.01]},
        ]  # fmt: skip
        assert (
            "12345678901234567890.01"
            in (await api.client.get("/api/v1/records/deals/1/history?connection=bitrix24")).text
        )

    async def test_an_id_of_several_connections_or_processes_is_asked_back(self, api: Api) -> None:
        for path in ("deals/1", "items/1", "deals/1/history", "deals/1/links/contacts"):
            answer = await api.client.get(f"/api/v1/records/{path}")
            assert (answer.status_code, answer.json()["type"]) == (422, "urn:headwater:not-unique"), path
        assert (await api.get("/api/v1/records/items/1", process="180"))["record"]["title"] == "item 180"

    @pytest.mark.parametrize(
        ("path", "told"),
        [
            ("deals/404", "no record '404'"), ("deals/404/history", "no record"), ("deals/%00", "no record"),
            ("deals/404/links/contacts", "no record"), ("deals/2/links/unicorns", "they have: contacts"),
            ("stages/NEW", "no ids of their own"), ("links/1/history", "no ids of their own"),
        ],
    )  # fmt: skip
    async def test_what_is_not_there(self, api: Api, path: str, told: str) -> None:
        answer = await api.client.get(f"/api/v1/records/{path}")

        assert answer.status_code == 404
        assert told in answer.json()["detail"]


class TestWhoSeesWhat:
    async def test_a_manager_sees_his_own_in_lists_files_and_totals(self, api: Api) -> None:
        for entity in NAMES:
            every = (await api.get(f"/api/v1/records/{entity}", connection="bitrix24"))["records"]
            owner = "employee_id" if entity in ("activities", "calls") else "assigned_to"
            own = [one["id"] for one in every if one[owner] == ANNA]
            api.calls(ANNA)
            page = await api.get(f"/api/v1/records/{entity}", count=True)
            file = await api.client.get(f"/api/v1/exports/{entity}?format=ndjson")
            api.calls()

            assert 0 < len(own) < len(every), entity
            assert [one["id"] for one in page["records"]] == own
            assert page["total"] == len(own)
            assert [json.loads(line)["id"] for line in file.text.splitlines()] == own

    async def test_a_managers_record_does_not_show_what_belongs_to_others(self, api: Api) -> None:
        api.calls(ANNA)

        found = await api.get("/api/v1/records/deals/1")

        assert found["record"]["assigned_to"] == ANNA
        assert [one["id"] for one in found["links"]["contacts"]["records"]] == ["1"]
        assert [one["id"] for one in found["links"]["activities"]["records"]] == ["1"]

    @pytest.mark.parametrize("tail", ["", "/history", "/links/contacts"])
    async def test_a_record_of_somebody_else_is_none(self, api: Api, tail: str) -> None:
        assert (await api.client.get(f"/api/v1/records/deals/2{tail}")).status_code == 200

        api.calls(ANNA)

        assert (await api.client.get(f"/api/v1/records/deals/2{tail}")).status_code == 404

    async def test_rows_that_belong_to_records_of_others_are_not_listed(self, api: Api) -> None:
        for entity in ("comments", "deal_products", "links", "activity_links", "stage_history"):
            every = (await api.get(f"/api/v1/records/{entity}", count=True))["total"]
            api.calls(ANNA)
            own = (await api.get(f"/api/v1/records/{entity}", count=True))["total"]
            api.calls()

            assert 0 < own < every, entity

    async def test_whoever_has_nobodys_records_sees_none(self, api: Api) -> None:
        api.calls("nobody")

        for entity in NAMES:
            assert await api.ids(entity) == []

    async def test_another_tenant_sees_nothing_of_this_one(
        self, api: Api, two: tuple[Company, Company]
    ) -> None:
        place = (await api.get("/api/v1/records/deals", limit=1))["next"]
        api.calls(company=two[1])

        for entity in LISTINGS:
            text = (await api.client.get(f"/api/v1/records/{entity}?limit=1000")).text
            text += (await api.client.get(f"/api/v1/exports/{entity}")).text
            assert not re.search(r"\bours\b", text), entity
            assert '"connection":"bitrix24"' not in text, entity
        assert (await api.client.get("/api/v1/records/deals/12")).status_code == 404
        assert (await api.client.get("/api/v1/records/deals/1?connection=bitrix24")).status_code == 404
        assert (await api.client.get("/api/v1/records/deals/1/history")).json()["history"] == []
        following = await api.get("/api/v1/records/deals", after=place)
        assert {one["connection"] for one in following["records"]} <= {"theirs"}


class TestFiles:
    async def test_csv_is_a_table_that_no_spreadsheet_runs(self, api: Api) -> None:
        answer = await api.client.get(
            "/api/v1/exports/leads",
            params={"fields": "id,title,contact_phone,value,converted", "order": "id"},
        )

        rows = list(csv.reader(io.StringIO(answer.text)))
        assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
        assert "attachment" in answer.headers["content-disposition"]
        assert rows == [
            ["connection", "id", "title", "contact_phone", "value", "converted"],
            ["bitrix24", "1", "'=cmd|'/c calc'!A1", "+79120001122", "-5.00", "false"],
            ["bitrix24", "2", "a \"quoted\", two\nlines", "'+7 (912) 000", "", ""],
            ["bitrix24", "3", "'@sum(1)", "", "0.10", "true"],
        ]  # fmt: skip

    async def test_csv_for_a_russian_excel(self, api: Api) -> None:
        answer = await api.client.get(
            "/api/v1/exports/deals?bom=true&delimiter=semicolon&fields=id,title&title=Ромашка"
        )

        assert answer.content == "\ufeffconnection;id;title\r\nbitrix24;1;Ромашка\r\n".encode()

    async def test_ndjson_is_what_lists_tell(self, api: Api) -> None:
        answer = await api.client.get("/api/v1/exports/deals?format=ndjson")

        assert [json.loads(line) for line in answer.text.splitlines()] == (
            await api.get("/api/v1/records/deals", limit=1000)
        )["records"]

    async def test_what_cannot_be_asked_is_said_before_the_file_begins(self, api: Api) -> None:
        assert (await api.client.get("/api/v1/exports/deals?colour=red")).status_code == 422
        assert (await api.client.get("/api/v1/exports/deals?format=xml")).status_code == 422
        assert (await api.client.get("/api/v1/exports/unicorns")).status_code == 404
