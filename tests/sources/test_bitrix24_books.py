"""The lists of a portal: what ids are called, stages, rates, departments, processes, and what may not be read."""

from decimal import Decimal
from typing import Any

import pytest

from headwater.core.model import Books, Currency, Department, Label, Pipeline, Stage
from headwater.sandbox.bitrix24.books import Currency as Money
from headwater.sandbox.bitrix24.books import Department as Part
from headwater.sandbox.bitrix24.faults import Kind as Fault
from headwater.sandbox.bitrix24.pipelines import Process
from headwater.sources.bitrix24.shapes import section


async def books_of(source: Any, *entities: str) -> Books:
    return (await source.survey(entities or ["deals"])).books


class TestStages:
    async def test_stages_of_every_pipeline_and_of_leads_have_their_meaning(self, world: Any) -> None:
        portal = world.portal
        for code, name, means in (("NEW", "Новый", None), ("CONVERTED", "Готов", "S"), ("JUNK", "Брак", "F")):
            portal.books.add_status("STATUS", code, name, semantics=means)
        portal.books.open_pipeline(
            type(portal.books.pipelines[0])(5, "Опт", 20), [("NEW", "Заявка", None), ("LOSE", "Отказ", "F")]
        )

        books = await books_of(world.connect(memory={"processes": [[177, "Заявки на сервис"]]}))

        assert set(books.stages or ()) == {
            Stage("leads", "", "NEW", "Новый", 10, "open"),
            Stage("leads", "", "CONVERTED", "Готов", 20, "won"),
            Stage("leads", "", "JUNK", "Брак", 30, "lost"),
            Stage("deals", "0", "NEW", "Новая", 10, "open"),
            Stage("deals", "0", "WON", "Успех", 20, "won"),
            Stage("deals", "0", "LOSE", "Отказ", 30, "lost"),
            Stage("deals", "5", "C5:NEW", "Заявка", 10, "open"),
            Stage("deals", "5", "C5:LOSE", "Отказ", 20, "lost"),
            Stage("items_177", "7", "DT177_7:NEW", "Новая", 10, "open"),
            Stage("items_177", "7", "DT177_7:SUCCESS", "Выполнена", 20, "won"),
        }
        assert {(one.entity, one.id, one.name) for one in books.pipelines or ()} == {
            ("deals", "0", "Общая"), ("deals", "5", "Опт"), ("items_177", "7", "Общая"),
        }  # fmt: skip
        assert [one for one in books.pipelines or () if one.main and one.entity == "deals"] == [
            Pipeline("deals", "0", "Общая", 10, True)
        ]

    async def test_a_stage_without_a_name_is_called_by_its_code(self, world: Any) -> None:
        def twist(body: Any, _: Any) -> None:
            for row in body["result"]["result"].get("statuses", ()):
                row["NAME"], row["SORT"], row["SEMANTICS"], row["EXTRA"] = None, "вверху", None, []
            body["result"]["result"].setdefault("statuses", []).append("мусор")

        books = await books_of(world.connect_twisted(twist))

        assert {one.name for one in books.stages or ()} >= {"NEW", "WON", "LOSE"}
        assert {(one.sort, one.semantics) for one in books.stages or ()} == {(0, "open")}


class TestLabels:
    async def test_options_and_entries_of_directories_are_called_by_name(self, world: Any) -> None:
        world.portal.books.add_status("SOURCE", "TG", "Telegram")

        labels = (await books_of(world.connect(), "deals", "leads", "contacts")).labels or ()

        assert {one for one in labels if one.lang == ""} >= {
            Label("deals", "uf_crm_way", "79", "Опт", ""),
            Label("deals", "uf_crm_way", "81", "Розница", ""),
            Label("deals", "source_id", "TG", "Telegram", ""),
            Label("leads", "source_id", "TG", "Telegram", ""),
            Label("contacts", "source_id", "TG", "Telegram", ""),
        }
        assert {one._replace(lang="") for one in labels if one.lang == "ru"} == {
            one for one in labels if one.lang == ""
        }

    async def test_fields_of_items_are_labelled_by_their_columns(self, worlds: Any) -> None:
        world = worlds(entity="items_177")
        world.portal.add_field(
            "UF_CRM_44_WAY", "enumeration", entity="dynamic_177", options=["Опт", "Розница"]
        )
        world.portal.books.add_status("SOURCE", "TG", "Telegram")

        labels = (await books_of(world.connect(), "items_177")).labels or ()

        named = {(one.entity, one.field, one.label) for one in labels}
        assert {("items_177", "source_id", "Telegram"), ("items_177", "uf_crm_44_way", "Опт")} <= named


class TestCurrencies:
    async def test_a_rate_is_the_price_of_one_unit(self, world: Any) -> None:
        world.portal.books.currencies += [
            Money("UZS", "Сум", "70.0000", 10_000),
            Money("USD", "Доллар", "81.2500"),
            Money("XXX", "Ничто", "1", 0),
            Money("YYY", "Слово", "много"),
            Money("ZZZ", "Без конца", "NaN"),
        ]

        currencies = (await books_of(world.connect())).currencies

        assert [one._replace(rate="") for one in currencies or ()] == [
            Currency("RUB", "Рубль", "", True),
            Currency("UZS", "Сум", "", False),
            Currency("USD", "Доллар", "", False),
        ]
        assert [Decimal(one.rate) for one in currencies or ()] == [1, Decimal("0.007"), Decimal("81.25")]


class TestDepartments:
    @pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 101, 230])
    async def test_all_departments_are_read(self, world: Any, count: int) -> None:
        world.portal.books.departments = [
            Part(1 + 2 * at, f"Отдел {at}", parent=1 if at else 0, head=7 if at == 2 else 0, sort=at)
            for at in range(count)
        ]

        departments = (await books_of(world.connect())).departments

        assert departments == [
            Department(str(1 + 2 * at), f"Отдел {at}", "1" if at else None, "7" if at == 2 else None, at)
            for at in range(count)
        ]

    @pytest.mark.parametrize("page", range(4))
    async def test_a_page_that_is_refused_leaves_them_as_they_are_known(self, world: Any, page: int) -> None:
        world.portal.books.departments = [Part(1 + at, f"Отдел {at}") for at in range(170)]
        world.fault(Fault.SCOPE, method="department.get", skip=page)

        books = await books_of(world.connect())

        assert books.departments is None
        assert books.stages

    async def test_a_portal_that_repeats_its_first_page_is_not_asked_for_ever(self, world: Any) -> None:
        world.portal.books.departments = [Part(1 + at, f"Отдел {at}") for at in range(50)]

        def twist(body: Any, _: Any) -> None:
            results = section(body["result"]["result"])
            pages = [key for key in results if key.startswith("departments_")]
            if "departments_0" in pages:
                first[:] = results["departments_0"]
            body["result"]["result"] = results | {key: [*first] for key in pages}

        first: list[Any] = []

        books = await books_of(world.connect_twisted(twist))

        assert books.departments is None
        assert len(world.pace.turns) == 1


@pytest.mark.parametrize(
    ("method", "lost"),
    [
        ("crm.status.list", {"labels", "stages"}),
        ("crm.category.list", {"pipelines"}),
        ("crm.currency.list", {"currencies"}),
        ("department.get", {"departments"}),
        ("crm.type.list", set()),
        ("crm.settings.mode.get", set()),
        ("crm.deal.userfield.list", set()),
    ],
)
@pytest.mark.parametrize(
    "kind", [{"kind": Fault.SCOPE}, {"kind": Fault.ERROR, "code": "", "description": "Access denied."}]
)
async def test_a_refused_list_is_unknown_and_the_others_are_read(
    world: Any, method: str, lost: set[str], kind: dict[str, Any]
) -> None:
    world.portal.add_fault({"method": method, "count": None, **kind})

    survey = await world.connect().survey(["deals"])

    names = ("labels", "stages", "pipelines", "currencies", "departments")
    assert {name for name in names if getattr(survey.books, name) is None} == lost
    assert survey.fields["deals"]
    assert not survey.refused


async def test_options_are_known_from_the_fields_alone(world: Any) -> None:
    world.portal.add_fault({"kind": Fault.SCOPE, "method": "crm.deal.userfield.list", "count": None})

    labels = (await books_of(world.connect())).labels or ()

    assert Label("deals", "uf_crm_way", "79", "Опт", "") in labels


class TestProcesses:
    async def test_a_process_is_found_and_remembered(self, world: Any) -> None:
        source = world.connect()
        known = dict(source.entities)

        plain = await source.survey()
        assert "items_177" not in plain.fields
        survey = await world.connect().survey(more=True)

        assert "items_177" not in known
        assert {"items_177", "items_177_stage_history"} <= set(survey.fields)
        assert {one.entity for one in survey.books.stages or ()} >= {"items_177"}
        assert source.memory["processes"] == [[177, "Заявки на сервис"]]
        assert {"items_177", "items_177_stage_history"} <= set(world.connect(memory=source.memory).entities)

    async def test_the_portals_offset_is_learnt_and_known_to_the_next_connection(self, world: Any) -> None:
        source = world.connect()
        assert source.memory["offset_minutes"] is None
        await source.survey(["deals"])

        assert source.memory["offset_minutes"] == 180
        assert world.connect(memory=source.memory).memory["offset_minutes"] == 180

    @pytest.mark.parametrize("count", [49, 50, 51, 101])
    async def test_all_of_them_are_found_however_many_pages_they_fill(self, world: Any, count: int) -> None:
        made = [Process(100 + at, 1030 + 2 * at, f"Процесс {at}") for at in range(count)]
        world.portal.books.processes = made
        source = world.connect()

        await source.survey(["deals"])

        assert source.memory["processes"] == [[one.type_id, one.title] for one in made]

    @pytest.mark.parametrize("page", [0, 1, 2])
    async def test_a_page_of_them_that_is_refused_leaves_them_as_they_are_known(
        self, world: Any, page: int
    ) -> None:
        world.portal.books.processes = [Process(100 + at, 1030 + at, f"Процесс {at}") for at in range(110)]
        world.fault(Fault.SCOPE, method="crm.type.list", skip=page)
        source = world.connect(memory={"processes": [[177, "Заявки на сервис"]]})

        await source.survey(["deals"])

        assert source.memory["processes"] == [[177, "Заявки на сервис"]]

    async def test_a_full_page_with_a_row_that_is_none_is_not_taken_for_the_last(self, world: Any) -> None:
        world.portal.books.processes = [Process(100 + at, 1030 + at, f"Процесс {at}") for at in range(60)]

        def twist(body: Any, _: Any) -> None:
            results = section(body["result"]["result"])
            if "types_0" in results:
                results["types_0"]["types"][7] = None
            body["result"]["result"] = results

        source = world.connect_twisted(twist)
        await source.survey(["deals"])

        assert len(source.memory["processes"]) == 59

    async def test_one_that_comes_and_goes(self, world: Any) -> None:
        shown = False

        def twist(body: Any, _: Any) -> None:
            results = section(body["result"]["result"])
            if "types_0" in results and not shown:
                results["types_0"] = {"types": []}
            body["result"]["result"] = results

        source = world.connect_twisted(twist)
        await source.survey(more=True)
        before = set(source.entities)
        shown = True
        with_it = await source.survey(more=True)
        shown = False
        without = await source.survey(["deals"], more=True)

        assert "items_177" not in before
        assert "items_177" in with_it.fields
        assert {one.entity for one in with_it.books.pipelines or ()} == {"deals", "items_177"}
        assert {one.entity for one in without.books.pipelines or ()} == {"deals"}
        assert (
            "items_177" in source.entities
        )  # until this connection ends: who reads it is told what became of it
        assert source.memory["processes"] == []

    async def test_one_that_is_found_beside_what_was_asked_for_costs_no_list(self, world: Any) -> None:
        survey = await world.connect().survey(["deals"])

        assert {one.entity for one in survey.books.pipelines or ()} == {"deals"}

    async def test_who_may_not_list_processes_keeps_those_he_knows(self, worlds: Any) -> None:
        world = worlds(entity="items_177")
        world.portal.add_fault({"kind": Fault.SCOPE, "method": "crm.type.list", "count": None})
        source = world.connect()

        survey = await source.survey(more=True)

        assert "items_177" in survey.fields
        assert source.memory["processes"] == [[177, "Заявки на сервис"]]

    async def test_what_is_no_process_is_none(self, world: Any) -> None:
        def twist(body: Any, _: Any) -> None:
            results = section(body["result"]["result"])
            if "types_0" in results:
                strange = [
                    None,
                    {},
                    {"entityTypeId": 2},
                    {"entityTypeId": "x"},
                    {"entityTypeId": 2**40},
                    [177],
                ]
                results["types_0"] = {"types": [*strange, {"entityTypeId": "1036", "title": None}]}
            body["result"]["result"] = results

        source = world.connect_twisted(twist)
        survey = await source.survey(more=True)

        assert source.memory["processes"] == [[1036, "1036"]]
        assert "items_1036" in survey.refused
        assert "ENTITY_TYPE_NOT_SUPPORTED" in survey.refused["items_1036_stage_history"]
        assert "deals" in survey.fields


class TestMode:
    @pytest.mark.parametrize(("answer", "mode"), [(1, "classic"), (2, "simple"), ("2", "simple")])
    async def test_the_mode_of_the_crm_is_remembered_and_leads_are_read_all_the_same(
        self, world: Any, answer: Any, mode: str
    ) -> None:
        def twist(body: Any, _: Any) -> None:
            results = section(body["result"]["result"])
            if "mode" in results:
                results["mode"] = answer

        source = world.connect_twisted(twist)
        survey = await source.survey(["leads", "deals"])

        assert source.memory["mode"] == mode
        assert set(survey.fields) == {"leads", "deals"}


class TestRights:
    async def test_without_telephony_calls_are_refused_and_the_rest_is_read(self, world: Any) -> None:
        world.portal.set_rights(scopes=["crm", "user", "department"])
        source = world.connect()

        account = await source.check()
        survey = await source.survey()

        assert set(survey.refused) == {"calls"}
        assert "tick the scope" in survey.refused["calls"]
        assert any("scope telephony is missing: calls are not read" in one for one in account.missing)
        assert {"deals", "leads", "users", "activities"} <= set(survey.fields)

        world.portal.set_rights(scopes=["crm", "user", "department", "telephony"])
        assert not (await source.survey()).refused

    async def test_without_users_people_are_refused_and_departments_stay_unknown(self, world: Any) -> None:
        world.portal.set_rights(scopes=["crm"])

        survey = await world.connect().survey()

        assert set(survey.refused) == {"users", "calls"}
        assert survey.books.departments is None
        assert survey.books.stages

    async def test_who_may_read_nothing_is_told_so(self, world: Any) -> None:
        world.portal.set_rights(scopes=["user"])

        with pytest.raises(Exception, match="tick the scope"):
            await world.connect().survey(["deals", "leads"])


async def test_a_hidden_item_is_not_taken_for_a_gone_one(worlds: Any) -> None:
    world = worlds(entity="items_177")
    seen, hidden = world.add(2)
    world.change(seen, {"ASSIGNED_BY_ID": "7", "OPENED": "N"})
    world.change(hidden, {"ASSIGNED_BY_ID": "1", "OPENED": "N"})
    world.portal.books.person(7).sees = "own"
    source = world.connect(f"https://acme.bitrix24.ru/rest/7/{world.secret}/")

    answers = [answer async for answer in source.fates("items_177", [seen, hidden, "99999"])]

    assert {id: fate.value for answer in answers for id, fate in answer.fates.items()} == {
        seen: "here", hidden: "hidden", "99999": "gone",
    }  # fmt: skip
