"""Rows that belong to records: replaced all together, by later answers only, and gone with their record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from headwater.core.model import SetSpec, Values
from headwater.testing.sample import NOW, Bench, bench
from headwater.warehouse import sets
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Warehouse

PRODUCTS = SetSpec("deal_products", "deal_products")
LINKS = SetSpec("deal_contacts", "links", {"entity": "deals", "to_entity": "contacts"})
COMMENTS = SetSpec("deal_comments", "comments", {"entity": "deals"})
LEAD_COMMENTS = SetSpec("lead_comments", "comments", {"entity": "leads"})
DEAL = {"TITLE": "Насосы", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}
TOO_MUCH = "1e200000"  # a number in our text form, and beyond PostgreSQL's numeric


def sold(*names: str, **more: str | None) -> list[dict[str, str | None]]:
    return [{"name": name, "quantity": "2", "price": "10.50", "raw": None, **more} for name in names]


@dataclass
class Shelf:
    """A tenant with three deals, whose sets are stored and looked at."""

    bench: Bench

    def origin(self, began: int) -> Origin:
        return Origin(self.bench.tenant.id, self.bench.link.id, self.bench.run, began, "poll", NOW)

    async def act(self, done: Any, *args: Any, began: int = 0, **words: Any) -> Any:
        async with self.bench.warehouse.acting_for(self.bench.tenant.id) as conn:
            return await done(conn, *args, self.origin(began), **words)

    async def store(
        self, told: Mapping[str, Sequence[Values]], *, began: int, spec: SetSpec = PRODUCTS
    ) -> sets.Kept:
        kept: sets.Kept = await self.act(sets.store, spec, told, began=began)
        return kept

    async def names(self) -> dict[str, list[str]]:
        rows = await self.bench.rows("select deal_id, name from crm_deal_products order by deal_id, place")
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["deal_id"], []).append(row["name"])
        return found

    async def due(self, slug: str = "deal_products", limit: int = 100) -> list[str]:
        bench = self.bench
        return list(await sets.due(bench.warehouse, bench.tenant.id, bench.link.id, slug, limit=limit))

    async def history(self) -> list[dict[str, Any]]:
        return await self.bench.rows(
            "select external_id, began, diff from headwater.history where entity = 'deal_products' order by began"
        )

    async def failed(self) -> list[dict[str, Any]]:
        return await self.bench.rows("select entity, external_id, reason, field, raw from headwater.failed")


@pytest.fixture
async def shelf(warehouse: Warehouse) -> Shelf:
    found = await bench(warehouse)
    spec = replace(found.shape.spec, sets=(PRODUCTS, LINKS, COMMENTS))
    found = replace(found, shape=replace(found.shape, spec=spec))
    await found.store(*({**DEAL, "ID": id} for id in ("1", "2", "3")), began=1)
    return Shelf(found)


class TestReplacing:
    async def test_a_set_is_kept_in_its_order_and_replaced_whole(self, shelf: Shelf) -> None:
        first = await shelf.store({"1": sold("b", "a", "a"), "2": sold("c"), "3": []}, began=2)
        assert await shelf.names() == {"1": ["b", "a", "a"], "2": ["c"]}

        again = await shelf.store({"1": sold("z"), "2": [], "3": sold("x")}, began=3)

        assert await shelf.names() == {"1": ["z"], "3": ["x"]}
        assert (first.changed, first.rows) == (3, 4)
        assert (again.changed, again.same, again.rows) == (3, 0, 2)

    async def test_values_have_their_types(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a", tax_included="true", raw='{"sum":"много"}', unit=None)}, began=2)

        [row] = await shelf.bench.rows("select * from crm_deal_products")
        assert row["quantity"] * row["price"] == 21
        assert (row["place"], row["tax_included"], row["raw"], row["unit"]) == (
            0,
            True,
            {"sum": "много"},
            None,
        )
        assert row["began"] == 2

    async def test_what_is_due_already_and_what_is_new_become_due_together(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a"), "2": []}, began=2)

        await shelf.act(sets.touch, [PRODUCTS, LINKS], ["2", "3", 'n"ew'], began=5)
        await shelf.act(sets.touch, [PRODUCTS], ["2"], began=4)

        rows = await shelf.bench.rows(
            "select entity, external_id, touched from headwater.due_sets order by entity, external_id"
        )
        touched = {(row["entity"], row["external_id"]): row["touched"] for row in rows}
        assert sorted(await shelf.due()) == ["2", "3", 'n"ew']
        assert {
            touched[slug, id] for slug in ("deal_products", "deal_contacts") for id in ("2", "3", 'n"ew')
        } == {5}
        assert await shelf.names() == {"1": ["a"]}

    async def test_what_is_the_same_is_not_written(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a"), "2": []}, began=2)

        again = await shelf.store({"1": sold("a"), "2": []}, began=5)

        assert (again.changed, again.same) == (0, 2)
        assert [row["began"] for row in await shelf.bench.rows("select began from crm_deal_products")] == [2]
        assert await shelf.history() == []

    @pytest.mark.parametrize("began", [2, 3])
    async def test_an_answer_that_was_asked_for_earlier_changes_nothing(
        self, shelf: Shelf, began: int
    ) -> None:
        await shelf.store({"1": sold("new")}, began=3)

        late = await shelf.store({"1": sold("old"), "2": sold("first")}, began=began)

        assert await shelf.names() == {"1": ["new"], "2": ["first"]}
        assert (late.changed, late.same) == (1, 1)

    async def test_a_later_answer_that_says_the_same_keeps_older_ones_away(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a")}, began=2)
        await shelf.store({"1": sold("a")}, began=5)

        await shelf.store({"1": sold("older")}, began=4)

        assert await shelf.names() == {"1": ["a"]}

    async def test_the_history_tells_what_a_set_was_and_became(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a"), "2": sold("b")}, began=2)
        await shelf.store({"1": sold("a", "c"), "2": []}, began=3)

        found = {row["external_id"]: row["diff"]["rows"] for row in await shelf.history()}

        assert {id: [[one["name"] for one in rows] for rows in diff] for id, diff in found.items()} == {
            "1": [["a"], ["a", "c"]],
            "2": [["b"], []],
        }

    async def test_changes_are_told_to_whoever_listens(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a"), "2": []}, began=2)
        await shelf.store({"1": sold("a"), "2": sold("b")}, began=3)

        changes = await shelf.bench.rows(
            "select external_id, count(*) from headwater.changes where entity = 'deal_products' group by 1"
        )

        assert {row["external_id"]: row["count"] for row in changes} == {"1": 1, "2": 2}

    async def test_sets_of_one_table_with_equal_ids_are_apart(self, shelf: Shelf) -> None:
        mine, theirs = [{"comment_id": "1", "body": "сделка"}], [{"comment_id": "2", "body": "лид"}]
        await shelf.store({"1": mine}, began=2, spec=COMMENTS)
        await shelf.store({"1": theirs}, began=3, spec=LEAD_COMMENTS)

        await shelf.store({"1": []}, began=4, spec=COMMENTS)

        rows = await shelf.bench.rows("select entity, external_id, body from crm_comments")
        assert rows == [{"entity": "leads", "external_id": "1", "body": "лид"}]

    async def test_nothing_is_nothing(self, shelf: Shelf) -> None:
        assert await shelf.store({}, began=2) == sets.Kept()

    async def test_awkward_texts_come_back_as_they_were(self, shelf: Shelf) -> None:
        texts = ["", "\t\n\\N\\.", "ы🙂", "a\"b'c", "\\x41", "x" * 20_000]

        await shelf.store({"1": sold(*texts)}, began=2)

        assert (await shelf.names())["1"] == texts

    async def test_what_postgresql_cannot_hold_is_replaced(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a\0b", "half \ud83d", raw='{"x":"\\u0000"}')}, began=2)

        assert (await shelf.names())["1"] == ["a\ufffdb", "half \ufffd"]


class TestWaiting:
    async def test_records_that_changed_wait_for_their_sets_the_last_first(self, shelf: Shelf) -> None:
        assert sorted(await shelf.due()) == ["1", "2", "3"]

        await shelf.store({"1": [], "2": sold("a"), "3": []}, began=2)
        assert await shelf.due() == []

        await shelf.bench.store({**DEAL, "ID": "2", "TITLE": "другое"}, began=3)
        await shelf.bench.store({**DEAL, "ID": "1", "TITLE": "другое"}, began=4)
        assert await shelf.due() == ["1", "2"]
        assert await shelf.due("deal_comments", limit=1) == ["1"]

    async def test_a_record_that_did_not_change_does_not_wait(self, shelf: Shelf) -> None:
        await shelf.store({"1": [], "2": [], "3": []}, began=2)

        await shelf.bench.store({**DEAL, "ID": "2"}, began=3)

        assert await shelf.due() == []

    async def test_a_change_that_came_after_the_question_is_asked_for_again(self, shelf: Shelf) -> None:
        await shelf.bench.store({**DEAL, "ID": "2", "TITLE": "другое"}, began=7)

        await shelf.store({"1": [], "2": sold("before"), "3": []}, began=5)

        assert await shelf.due() == ["2"]

    async def test_what_is_passed_over_waits_only_for_a_later_change(self, shelf: Shelf) -> None:
        await shelf.act(sets.skip, PRODUCTS, ["1", "2", "3"], began=2)
        assert await shelf.due() == []

        await shelf.bench.store({**DEAL, "ID": "3", "TITLE": "другое"}, began=4)
        await shelf.act(sets.skip, PRODUCTS, ["3"], began=3)
        assert await shelf.due() == ["3"]

    async def test_a_kind_that_is_new_waits_for_all_that_is_here(self, shelf: Shelf) -> None:
        await shelf.bench.rows(
            "delete from headwater.unread_sets where tenant_id = %(tenant)s and entity <> 'deal_contacts'"
        )
        assert await shelf.due() == []

        await shelf.act(sets.seed, shelf.bench.shape.spec, PRODUCTS)
        await shelf.act(sets.seed, shelf.bench.shape.spec, PRODUCTS)

        assert sorted(await shelf.due()) == ["1", "2", "3"]
        assert await shelf.due("deal_comments") == []

    async def test_new_records_wait_by_the_page_until_each_was_asked_for(self, shelf: Shelf) -> None:
        pages = (
            "select ids from headwater.unread_sets where tenant_id = %(tenant)s and entity = 'deal_products'"
        )
        await shelf.bench.store({**DEAL, "ID": "4"}, began=4)
        await shelf.bench.store({**DEAL, "ID": "2", "TITLE": "другое"}, began=5)
        assert await shelf.due() == ["2", "4", "1", "3"]

        await shelf.store({"1": sold("a"), "4": []}, began=6)
        await shelf.act(sets.skip, PRODUCTS, ["2"], began=6)
        await shelf.act(sets.asked, PRODUCTS)
        assert await shelf.due() == ["3"]
        assert [row["ids"] for row in await shelf.bench.rows(pages)] == [["1", "2", "3"]]

        await shelf.act(sets.postpone, PRODUCTS, ["3"], began=6)
        await shelf.act(sets.asked, PRODUCTS)
        assert await shelf.due() == ["3"]
        assert await shelf.bench.rows(pages) == []

    async def test_pages_are_taken_up_to_the_limit_the_newest_first(self, shelf: Shelf) -> None:
        await shelf.bench.store(*({**DEAL, "ID": id} for id in ("5", "6")), began=8)
        await shelf.bench.store({**DEAL, "ID": "7"}, began=9)

        assert await shelf.due(limit=1) == ["7"]
        assert await shelf.due(limit=2) == ["7", "5"]
        assert await shelf.due() == ["7", "5", "6", "1", "2", "3"]

    async def test_a_kind_that_is_seeded_adds_nothing_to_what_waits_by_the_page(self, shelf: Shelf) -> None:
        await shelf.act(sets.seed, shelf.bench.shape.spec, PRODUCTS)

        assert await shelf.bench.rows("select from headwater.child_sets where tenant_id = %(tenant)s") == []
        assert await shelf.due() == ["1", "2", "3"]


class TestVanishing:
    async def test_a_record_that_is_gone_waits_for_nothing(self, shelf: Shelf) -> None:
        await shelf.act(sets.vanish, "deals", PRODUCTS, ["2"], began=2)

        assert await shelf.due() == ["1", "3"]

    async def test_a_record_that_is_gone_takes_its_rows_with_it(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a", "b"), "2": sold("c")}, began=2)
        await shelf.store({"1": [{"to_id": "84"}]}, began=2, spec=LINKS)

        await shelf.bench.vanish("1", "3", began=4)

        gone = await shelf.bench.rows("select external_id, last_row from headwater.gone order by external_id")
        assert [row["external_id"] for row in gone] == ["1", "3"]
        assert [one["name"] for one in gone[0]["last_row"]["deal_products"]] == ["a", "b"]
        assert [one["to_id"] for one in gone[0]["last_row"]["deal_contacts"]] == ["84"]
        assert "deal_products" not in gone[1]["last_row"]
        assert await shelf.names() == {"2": ["c"]}
        assert await shelf.bench.rows("select * from crm_links") == []
        assert await shelf.due() == []

    async def test_one_that_a_later_read_brought_keeps_its_rows(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a")}, began=2)
        await shelf.bench.store({**DEAL, "ID": "1", "TITLE": "вернулась"}, began=9)

        await shelf.bench.vanish("1", began=5)

        assert await shelf.names() == {"1": ["a"]}

    async def test_one_that_comes_back_is_asked_for_its_rows(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a"), "2": [], "3": []}, began=2)
        await shelf.bench.vanish("1", began=3)

        await shelf.bench.store({**DEAL, "ID": "1"}, began=4)
        assert await shelf.due() == ["1"]
        await shelf.store({"1": sold("a")}, began=5)

        assert await shelf.names() == {"1": ["a"]}


class TestRefused:
    async def test_the_set_that_postgresql_refuses_is_found_and_the_rest_lands(self, shelf: Shelf) -> None:
        told: dict[str, Sequence[Values]] = {str(id): sold(f"n{id}") for id in range(1, 42)}
        told["23"] = sold("good", "bad", quantity=TOO_MUCH)

        kept = await shelf.store(told, began=2)

        assert (kept.changed, kept.failed) == (40, 1)
        assert set(await shelf.names()) == set(told) - {"23"}
        [entry] = await shelf.failed()
        assert (entry["entity"], entry["external_id"], entry["field"]) == ("deal_products", "23", "quantity")
        assert "PostgreSQL refused it" in entry["reason"]
        assert [row["name"] for row in entry["raw"]] == ["good", "bad"]

    async def test_a_refused_set_keeps_what_was_there_and_heals(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("was")}, began=2)

        await shelf.store({"1": sold("bad", price=TOO_MUCH)}, began=3)
        assert await shelf.names() == {"1": ["was"]}
        assert "1" not in await shelf.due()
        await shelf.store({"1": sold("good")}, began=4)

        assert await shelf.names() == {"1": ["good"]}
        assert await shelf.failed() == []


class TestDrift:
    async def test_rows_that_somebody_changed_are_found_and_written_again(self, shelf: Shelf) -> None:
        told = {"1": sold("a", "b"), "2": sold("c"), "3": []}
        await shelf.store(told, began=2)
        assert await shelf.act(sets.drifted, PRODUCTS, told) == []

        await shelf.bench.rows("update crm_deal_products set price = 0 where deal_id = '1' and place = 1")
        await shelf.bench.rows("delete from crm_deal_products where deal_id = '2'")
        wrong = await shelf.act(sets.drifted, PRODUCTS, told)

        assert sorted(id for id, _, _ in wrong) == ["1", "2"]
        here, there = next((orjson.loads(old), orjson.loads(new)) for id, old, new in wrong if id == "1")
        assert [row["price"] for row in here] == [10.5, 0]
        assert [row["price"] for row in there] == [10.5, 10.5]

        await shelf.act(sets.distrust, PRODUCTS, ["1", "2"])
        assert sorted(await shelf.due()) == ["1", "2"]
        await shelf.store(told, began=3)
        assert await shelf.act(sets.drifted, PRODUCTS, told) == []
        assert await shelf.due() == []

    async def test_sets_that_wait_are_told_apart_from_those_that_are_known(self, shelf: Shelf) -> None:
        await shelf.store({"1": sold("a"), "2": []}, began=2)
        await shelf.bench.store({**DEAL, "ID": "2", "TITLE": "другое"}, began=3)

        found = await shelf.act(sets.waiting, PRODUCTS, ["1", "2", "3", "99"])

        assert found == {"2", "3", "99"}


async def test_tenants_with_equal_ids_do_not_touch_each_other(warehouse: Warehouse, shelf: Shelf) -> None:
    theirs = Shelf(await bench(warehouse, tenant="theirs"))
    await theirs.bench.store({**DEAL, "ID": "1"}, began=1)
    await shelf.store({"1": sold("mine")}, began=2)

    await theirs.store({"1": sold("theirs")}, began=3)
    await shelf.bench.vanish("1", began=9)

    assert await shelf.names() == {}
    assert await theirs.names() == {"1": ["theirs"]}


async def test_sets_within_a_record_come_and_go_with_it(warehouse: Warehouse) -> None:
    def within(values: Values) -> Sequence[Values]:
        return [
            {"entity": "deals", "external_id": one} for one in orjson.loads(values.get("UF_TAGS") or "[]")
        ]

    links = SetSpec("activity_links", "activity_links", within=within)
    made = await bench(warehouse)
    made = replace(made, shape=replace(made.shape, spec=replace(made.shape.spec, sets=(links,))))
    query = "select activity_id, external_id, place from crm_activity_links order by 1, 3"

    await made.store(
        {**DEAL, "ID": "1", "UF_TAGS": ["5", "7"]}, {**DEAL, "ID": "2", "UF_TAGS": ["5"]}, began=1
    )
    await made.store({**DEAL, "ID": "1", "UF_TAGS": ["7"]}, began=2)
    await made.store({**DEAL, "ID": "2", "UF_TAGS": []}, began=1)  # no later than what is here

    assert [tuple(row.values()) for row in await made.rows(query)] == [("1", "7", 0), ("2", "5", 0)]

    await made.vanish("1", began=3)
    assert [tuple(row.values()) for row in await made.rows(query)] == [("2", "5", 0)]
    [gone] = await made.rows("select last_row -> 'activity_links' as links from headwater.gone")
    assert [one["external_id"] for one in gone["links"]] == ["7"]
