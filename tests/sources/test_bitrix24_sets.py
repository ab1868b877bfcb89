"""Contacts, products and comments of records: each set whole or not at all, whatever the portal does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.model import Values
from headwater.sandbox.bitrix24.faults import Kind as Fault
from headwater.sources.bitrix24.children import CHILDREN
from headwater.sources.bitrix24.shapes import section
from headwater.sources.bitrix24.source import Bitrix24
from headwater.testing.heeding import HeedsFirst

LISTS = {
    "deal_contacts": "crm.item.list",
    "deal_products": "crm.item.productrow.list",
    "deal_comments": "crm.timeline.comment.list",
}


async def told(
    source: Bitrix24, slug: str, ids: Sequence[str]
) -> tuple[dict[str, Sequence[Values]], dict[str, str]]:
    """All sets and all refusals; nothing is told twice."""
    sets: dict[str, Sequence[Values]] = {}
    refused: dict[str, str] = {}
    async for answer in source.sets(slug, ids):
        assert not (sets | refused).keys() & (answer.sets.keys() | answer.refused.keys())
        assert not answer.sets.keys() & answer.refused.keys()
        sets |= answer.sets
        refused |= answer.refused
    return sets, refused


def linked(world: Any, id: str, contacts: Sequence[int]) -> None:
    world.change(
        id,
        {"CONTACT_ID": str(contacts[0]) if contacts else None}
        | {"CONTACT_IDS": [[one, 10 * at] for at, one in enumerate(contacts, 1)] or None},
    )


def sold(world: Any, id: str, count: int) -> None:
    """So many product rows of a deal, in an order that is not that of their ids."""
    for at in range(count):
        row = {
            "OWNER_ID": int(id), "OWNER_TYPE_ID": 2, "PRODUCT_ID": 450 + at, "PRODUCT_NAME": f"Насос {at}",
            "PRICE": 899.1, "QUANTITY": at + 0.5, "SORT": 10 * (count - at),
        }  # fmt: skip
        world.portal.insert(row, entity="productrow")


def commented(world: Any, id: str, count: int, *, kind: str = "deal") -> None:
    for at in range(count):
        words = {"ENTITY_ID": id, "ENTITY_TYPE": kind, "COMMENT": f"О {id}, {at}"}
        world.portal.insert(words, entity="comment")


@pytest.fixture
def deals(world: Any) -> list[str]:
    """Deals of which every third has contacts, products and comments."""
    ids = list(world.add(130))
    for at, id in enumerate(ids[::3]):
        linked(world, id, range(1, 2 + at % 4))
        sold(world, id, 1 + at % 3)
        commented(world, id, 1 + at % 2)
    return ids


@pytest.fixture
def wanted(world: Any, deals: list[str]) -> Callable[[str], Mapping[str, int]]:
    """How many rows every deal has of a set, by what the portal itself keeps."""

    def counts(slug: str) -> Mapping[str, int]:
        found = dict.fromkeys(deals, 0)
        for at, id in enumerate(deals[::3]):
            found[id] = {
                "deal_contacts": 1 + at % 4, "deal_products": 1 + at % 3, "deal_comments": 1 + at % 2,
            }[slug]  # fmt: skip
        return found

    return counts


def counted(sets: Mapping[str, Sequence[Values]]) -> dict[str, int]:
    return {id: len(rows) for id, rows in sets.items()}


class TestWhatIsRead:
    async def test_contacts_come_in_their_order(self, world: Any) -> None:
        some, none, one = world.add(3)
        linked(world, some, [84, 7, 12])
        linked(world, one, [5])

        sets, refused = await told(world.connect(), "deal_contacts", [some, none, one])

        assert sets == {
            some: [{"to_id": "84"}, {"to_id": "7"}, {"to_id": "12"}],
            none: [],
            one: [{"to_id": "5"}],
        }
        assert not refused

    @pytest.mark.parametrize(
        ("slug", "entity", "first", "all_"),
        [
            ("lead_contacts", "leads", "CONTACT_ID", "CONTACT_IDS"),
            ("contact_companies", "contacts", "COMPANY_ID", "COMPANY_IDS"),
        ],
    )
    async def test_links_of_others(self, worlds: Any, slug: str, entity: str, first: str, all_: str) -> None:
        world = worlds(entity=entity)
        some, none = world.add(2)
        world.change(some, {first: "84", all_: [[84, 10], [7, 20]]})

        sets, _ = await told(world.connect(), slug, [some, none])

        assert sets == {some: [{"to_id": "84"}, {"to_id": "7"}], none: []}

    async def test_products_come_as_people_see_them(self, world: Any) -> None:
        [id] = world.add(1)
        sold(world, id, 3)
        world.portal.insert(
            {"OWNER_ID": int(id), "OWNER_TYPE_ID": 2, "PRODUCT_ID": 0, "PRODUCT_NAME": "Доставка", "SORT": 5}
            | {"PRICE": 100, "DISCOUNT_RATE": 10, "DISCOUNT_SUM": 11.11, "TAX_RATE": 20, "TAX_INCLUDED": "N"},
            entity="productrow",
        )

        sets, _ = await told(world.connect(), "deal_products", [id])

        assert [row["name"] for row in sets[id]] == ["Доставка", "Насос 2", "Насос 1", "Насос 0"]
        assert sets[id][0] == {
            "product_id": None, "name": "Доставка", "quantity": "1", "price": "100", "discount": "11.11",
            "discount_percent": "10", "tax_percent": "20", "tax_included": "false", "unit": "шт", "raw": None,
        }  # fmt: skip
        assert sets[id][1]["product_id"] == "452"
        assert sets[id][1]["quantity"] == "2.5"
        assert sets[id][1]["price"] == "899.1"

    async def test_products_of_leads_and_items_are_not_those_of_deals(self, world: Any) -> None:
        [id] = world.add(1)
        sold(world, id, 1)
        for kind in (1, 177):
            world.portal.insert({"OWNER_ID": int(id), "OWNER_TYPE_ID": kind}, entity="productrow")

        sets, _ = await told(world.connect(), "deal_products", [id])

        assert counted(sets) == {id: 1}

    @pytest.mark.parametrize("entity", ["deals", "leads", "contacts", "companies"])
    async def test_comments_of_a_record_are_not_those_of_others(self, worlds: Any, entity: str) -> None:
        world = worlds(entity=entity)
        kind = world.subject.name
        some, none = world.add(2)
        commented(world, some, 2, kind=kind)
        for other in {"deal", "lead", "contact", "company"} - {kind}:
            commented(world, some, 1, kind=other)

        sets, _ = await told(world.connect(), f"{kind}_comments", [some, none])

        assert [row["body"] for row in sets[some]] == [f"О {some}, 0", f"О {some}, 1"]
        assert sets[some][0]["author_id"] == "1"
        assert sets[some][0]["created_at"]
        assert sets[none] == []

    async def test_what_is_attached_is_named_without_the_addresses_that_open_it(self, world: Any) -> None:
        [id] = world.add(1)
        world.portal.insert(
            {"ENTITY_ID": id, "ENTITY_TYPE": "deal", "COMMENT": "см. файл"}
            | {"FILES": {"7": {"id": 7, "name": "счёт.pdf", "size": 43, "type": "file"}}},
            entity="comment",
        )

        sets, _ = await told(world.connect(), "deal_comments", [id])

        assert sets[id][0]["files"] == '[{"id":7,"name":"счёт.pdf","size":43,"type":"file"}]'

    @pytest.mark.parametrize("slug", sorted(LISTS))
    async def test_every_set_is_read_whole(
        self, world: Any, deals: list[str], wanted: Any, slug: str
    ) -> None:
        source = world.connect()

        sets, refused = await told(source, slug, deals)

        assert counted(sets) == wanted(slug)
        assert not refused
        assert len(world.pace.turns) == -(-len(deals) // (50 * CHILDREN[slug].per))

    @pytest.mark.parametrize("slug", ["deal_products", "deal_comments"])
    async def test_a_set_longer_than_pages_is_read_to_its_end(self, world: Any, slug: str) -> None:
        few, many, none = world.add(3)
        make = sold if slug == "deal_products" else commented
        make(world, few, 50)
        make(world, many, 120)

        sets, refused = await told(world.connect(), slug, [few, many, none])

        assert counted(sets) == {few: 50, many: 120, none: 0}
        assert len({str(row) for row in sets[many]}) == 120
        assert not refused

    async def test_nothing_is_asked_about_nothing(self, world: Any) -> None:
        assert await told(world.connect(), "deal_products", []) == ({}, {})
        assert await told(world.connect(), "deal_products", ["", "0", "-1", "x", "1e3"]) == ({}, {})
        assert not world.pace.turns

    @pytest.mark.parametrize("slug", sorted(LISTS))
    async def test_a_vanished_record_has_no_rows_and_disturbs_no_other(
        self, world: Any, deals: list[str], wanted: Any, slug: str
    ) -> None:
        gone = deals[::13]
        world.portal.remove((int(id) for id in gone), silent=True)

        sets, refused = await told(world.connect(), slug, [*deals, "99999"])

        assert not refused
        assert not any(sets.get(id) for id in [*gone, "99999"])
        left = {id: count for id, count in wanted(slug).items() if id not in gone}
        assert {id: count for id, count in counted(sets).items() if id in left} == left

    async def test_read_numbers_and_requests_are_told(self, world: Any, deals: list[str]) -> None:
        world.overload(2)

        answers = [answer async for answer in world.connect().sets("deal_comments", deals)]

        assert len(answers) == 3
        assert [one.began for one in answers] == sorted({one.began for one in answers})
        assert sum(one.requests for one in answers) == len(world.pace.turns) == 5

    async def test_a_set_of_several_answers_is_as_old_as_the_first(self, world: Any) -> None:
        [id] = world.add(1)
        sold(world, id, 120)

        [answer] = [answer async for answer in world.connect().sets("deal_products", [id])]

        assert (answer.began, answer.requests) == (1, 3)


@pytest.mark.parametrize("slug", sorted(LISTS))
class TestTroubles:
    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": Fault.QUERY_LIMIT, "count": 2},
            {"kind": Fault.HTML, "status": 502, "count": 2},
            {"kind": Fault.HTML, "status": 504},
            {"kind": Fault.HTML_200},
            {"kind": Fault.CUT},
            {"kind": Fault.DROP},
            {"kind": Fault.DROP_AFTER},
            {"kind": Fault.OPERATION_LIMIT, "each": True},
            {"kind": Fault.MISSING_KEY, "each": True, "count": 2},
            {"kind": Fault.ERROR, "each": True, "count": 2},
        ],
        ids=lambda fault: "_".join(str(one) for one in fault.values()),
    )
    async def test_what_passes_loses_nothing(
        self, world: Any, deals: list[str], wanted: Any, slug: str, fault: dict[str, Any]
    ) -> None:
        words = dict(fault)
        if words.pop("each", False):
            words["method"] = LISTS[slug]
        world.fault(words.pop("kind"), **words)

        sets, refused = await told(world.connect(), slug, deals)

        assert counted(sets) == wanted(slug)
        assert not refused

    async def test_what_does_not_pass_is_left_for_later(
        self, world: Any, deals: list[str], slug: str
    ) -> None:
        world.fault(Fault.ERROR, method=LISTS[slug], count=None)

        with pytest.raises(RetryLater, match=LISTS[slug].replace(".", r"\.")):
            await told(world.connect(), slug, deals)

    @pytest.mark.parametrize("code", ["", "ACCESS_DENIED"])
    async def test_a_record_that_may_not_be_seen_is_refused_alone(
        self, world: Any, deals: list[str], wanted: Any, slug: str, code: str
    ) -> None:
        hidden = deals[6]

        source = world.connect_twisted(refusing(LISTS[slug], hidden, code, "Access denied."))

        sets, refused = await told(source, slug, deals)

        assert set(refused) == {hidden}
        assert "Access denied" in refused[hidden]
        assert counted(sets) == {id: count for id, count in wanted(slug).items() if id != hidden}

    async def test_a_refusal_nobody_knows_concerns_its_record_alone(
        self, world: Any, deals: list[str], wanted: Any, slug: str
    ) -> None:
        source = world.connect_twisted(refusing(LISTS[slug], deals[3], "SOMETHING_NEW", "Сегодня нельзя"))

        sets, refused = await told(source, slug, deals)

        assert set(refused) == {deals[3]}
        assert "SOMETHING_NEW “Сегодня нельзя”" in refused[deals[3]]
        assert counted(sets) == {id: count for id, count in wanted(slug).items() if id != deals[3]}

    async def test_a_record_the_portal_does_not_find_is_passed_over(
        self, world: Any, deals: list[str], wanted: Any, slug: str
    ) -> None:
        source = world.connect_twisted(refusing(LISTS[slug], deals[3], "", "Not found"))

        sets, refused = await told(source, slug, deals)

        assert not refused
        assert counted(sets) == {id: count for id, count in wanted(slug).items() if id != deals[3]}

    async def test_a_method_that_may_not_be_called_needs_a_person(self, world: Any, slug: str) -> None:
        ids = world.add(600)
        for code in ("ERROR_METHOD_NOT_FOUND", "insufficient_scope", "ACCESS_DENIED"):
            source = world.connect_twisted(refusing(LISTS[slug], None, code, "Access denied"))

            with pytest.raises(NeedsPerson, match=code):
                await told(source, slug, ids)

        assert len(world.pace.turns) == 3

    async def test_a_row_of_somebody_else_is_not_taken(
        self, world: Any, deals: list[str], wanted: Any, slug: str
    ) -> None:
        """Whatever the filter says, this portal adds a row of a record that nobody asked for."""

        def twist(body: Any, _: Any) -> None:
            for result in answers_of(body):
                rows = listed(slug, result)
                if rows:
                    rows.append(
                        {**rows[0], "id": 77777, "ID": "77777", "ownerId": 77777, "ENTITY_ID": "77777"}
                    )

        sets, refused = await told(world.connect_twisted(twist), slug, deals)

        assert {id: rows for id, rows in sets.items() if rows} == {}
        assert all("a row without an id, or of a record nobody asked for" in why for why in refused.values())
        assert set(refused) == {id for id, count in wanted(slug).items() if count or slug == "deal_contacts"}

    async def test_a_row_without_an_id_spoils_only_its_record(
        self, world: Any, deals: list[str], wanted: Any, slug: str
    ) -> None:
        def twist(body: Any, _: Any) -> None:
            for result in answers_of(body):
                rows = listed(slug, result)
                for row in rows:
                    if str(row.get("ownerId") or row.get("ENTITY_ID") or row.get("id")) == deals[3]:
                        row.pop("id", None)
                        row.pop("ID", None)

        sets, refused = await told(world.connect_twisted(twist), slug, deals)

        assert set(refused) == {deals[3]}
        assert counted(sets) == {id: count for id, count in wanted(slug).items() if id != deals[3]}

    async def test_lost_credentials_need_a_person(self, world: Any, deals: list[str], slug: str) -> None:
        world.lock_out()

        with pytest.raises(NeedsPerson):
            await told(world.connect(), slug, deals)

    async def test_small_answers_bring_the_same(
        self, world: Any, deals: list[str], wanted: Any, slug: str
    ) -> None:
        sets, refused = await told(world.connect(limit=3_000), slug, deals)

        assert counted(sets) == wanted(slug)
        assert not refused
        assert len(world.pace.turns) > 3


class TestTooMuch:
    async def test_a_set_that_is_too_large_is_told_and_the_rest_is_read(self, world: Any) -> None:
        ids = list(world.add(60))
        for id in ids:
            commented(world, id, 1)
        world.portal.insert(
            {"ENTITY_ID": ids[30], "ENTITY_TYPE": "deal", "COMMENT": "ы" * 300_000}, entity="comment"
        )

        sets, refused = await told(world.connect(limit=200_000), "deal_comments", ids)

        assert set(refused) == {ids[30]}
        assert "too large" in refused[ids[30]]
        assert counted(sets) == dict.fromkeys([*ids[:30], *ids[31:]], 1)

    async def test_a_portal_that_repeats_a_page_for_ever_is_not_read_for_ever(self, world: Any) -> None:
        few, many = world.add(2)
        sold(world, few, 3)
        sold(world, many, 50)
        first: list[Any] = []

        def twist(body: Any, _: Any) -> None:
            for result in answers_of(body):
                if len(result["productRows"]) == 50:
                    first[:] = result["productRows"]
                elif first and not any(str(row["ownerId"]) == few for row in result["productRows"]):
                    result["productRows"] = first

        sets, refused = await told(world.connect_twisted(twist), "deal_products", [few, many])

        assert counted(sets) == {few: 3}
        assert "does not read on behind them" in refused[many]

    async def test_values_that_do_not_fit_are_kept_aside(self, world: Any) -> None:
        [id] = world.add(1)
        sold(world, id, 1)

        def twist(body: Any, _: Any) -> None:
            for result in answers_of(body):
                for row in result["productRows"]:
                    row["quantity"], row["productName"], row["taxIncluded"] = "много", ["Насос"], "иногда"
                    row["productId"] = {"id": 450}

        sets, refused = await told(world.connect_twisted(twist), "deal_products", [id])

        assert not refused
        [row] = sets[id]
        assert [row[name] for name in ("quantity", "name", "tax_included", "product_id")] == [None] * 4
        assert orjson.loads(row["raw"] or "") == {
            "productName": ["Насос"],
            "quantity": "много",
            "taxIncluded": "иногда",
            "productId": {"id": 450},
        }
        assert row["price"] == "899.1"


class TestSeveralRecordsOfACommand:
    """A page of the vendor doubts that a portal heeds more than the first: `crm.item.productrow.list`."""

    @pytest.fixture(params=[False, True], ids=["heeds_all", "heeds_the_first"])
    def portal(self, world: Any, request: Any) -> HeedsFirst:
        return HeedsFirst(world.transport, on=request.param)

    @pytest.fixture
    def narrow(self, world: Any) -> HeedsFirst:
        return HeedsFirst(world.transport)

    @pytest.fixture
    def normal(self, world: Any) -> HeedsFirst:
        return HeedsFirst(world.transport, on=False)

    async def test_nothing_is_missed_where_the_first_alone_is_heeded(
        self, world: Any, deals: list[str], wanted: Any, narrow: HeedsFirst
    ) -> None:
        source = world.connect(transport=narrow)

        answers = [answer async for answer in source.sets("deal_products", deals)]

        sets = {id: rows for answer in answers for id, rows in answer.sets.items()}
        assert counted(sets) == wanted("deal_products")
        assert [(one.doubt, bool(one.sets)) for one in answers] == [(True, False)] + [(False, True)] * 3
        assert sum(one.requests for one in answers) == len(world.pace.turns) == 1 + 1 + 3
        assert all(len(owners) == 1 for told in narrow.asked[2:] for owners in told)

    async def test_a_normal_portal_proves_it_with_its_first_answer(
        self, world: Any, deals: list[str], normal: HeedsFirst
    ) -> None:
        source = world.connect(transport=normal)

        first = [answer async for answer in source.sets("deal_products", deals)]
        again = [answer async for answer in source.sets("deal_products", deals)]

        assert first[0].sets == again[0].sets
        assert [one.doubt for one in [*first, *again]] == [False, False]
        assert len(normal.asked) == 2
        assert [len(told) for told in normal.asked] == [50, 3]

    async def test_rows_of_the_first_record_alone_cost_a_normal_portal_no_request(
        self, world: Any, normal: HeedsFirst
    ) -> None:
        some, none, other = world.add(3)
        sold(world, some, 2)

        sets, _ = await told(world.connect(transport=normal), "deal_products", [some, none, other])

        assert counted(sets) == {some: 2, none: 0, other: 0}
        assert normal.asked == [[[some, none, other], [none, some], [other, some]]]

    @pytest.mark.parametrize("place", [0, 1, 25, 49])
    async def test_one_record_with_rows_tells(self, world: Any, narrow: HeedsFirst, place: int) -> None:
        ids = world.add(50)
        sold(world, ids[place], 2)
        source = world.connect(transport=narrow)

        sets, _ = await told(source, "deal_products", ids)

        assert counted(sets) == dict.fromkeys(ids, 0) | {ids[place]: 2}
        assert source.memory["singly"] == ["deal_products"]

    async def test_a_portal_without_any_rows_is_asked_no_more_and_not_doubted(
        self, world: Any, portal: HeedsFirst
    ) -> None:
        ids = world.add(300)
        source = world.connect(transport=portal)

        answers = [answer async for answer in source.sets("deal_products", ids)]

        assert [(one.doubt, counted(one.sets)) for one in answers] == [(False, dict.fromkeys(ids, 0))]
        assert [len(told) for told in portal.asked] == [50]
        assert "singly" not in source.memory

    async def test_a_witness_among_the_first_of_commands_is_asked_for_behind_another(
        self, world: Any, portal: HeedsFirst
    ) -> None:
        """45 commands leave room for five others: this witness is in none of them."""
        ids = world.add(45 * 50)
        first, second = ids[30 * 50], ids[30 * 50 + 1]
        sold(world, first, 2)

        answers = [answer async for answer in world.connect(transport=portal).sets("deal_products", ids)]

        sets = {id: rows for answer in answers for id, rows in answer.sets.items()}
        assert counted(sets) == dict.fromkeys(ids, 0) | {first: 2}
        assert [one.doubt for one in answers].count(True) == portal.on
        assert portal.asked[1] == [[first], [second, first], [first]]
        assert len(portal.asked) == (2 + 45 if portal.on else 2)

    async def test_many_records_leave_room_for_trials_until_one_is_proof(
        self, world: Any, normal: HeedsFirst
    ) -> None:
        ids = world.add(101 * 50)
        sold(world, ids[46 * 50 + 1], 1)

        sets, _ = await told(world.connect(transport=normal), "deal_products", ids)

        assert sum(map(len, sets.values())) == 1
        assert [len(told) for told in normal.asked] == [50, 50, 11]

    async def test_a_single_record_is_asked_for_and_nothing_else(
        self, world: Any, portal: HeedsFirst
    ) -> None:
        [id] = world.add(1)
        sold(world, id, 2)

        sets, _ = await told(world.connect(transport=portal), "deal_products", [id])

        assert counted(sets) == {id: 2}
        assert portal.asked == [[[id]]]

    async def test_long_sets_are_read_whole(self, world: Any, portal: HeedsFirst) -> None:
        many, one, more = world.add(3)
        for id, count in ((many, 60), (one, 1), (more, 120)):
            sold(world, id, count)

        sets, _ = await told(world.connect(transport=portal), "deal_products", [many, one, more])

        assert counted(sets) == {many: 60, one: 1, more: 120}

    async def test_small_answers_bring_the_same(
        self, world: Any, deals: list[str], wanted: Any, portal: HeedsFirst
    ) -> None:
        source = world.connect(transport=portal, limit=6_000)

        sets, refused = await told(source, "deal_products", deals)

        assert counted(sets) == wanted("deal_products")
        assert not refused

    async def test_a_trial_that_fails_in_passing_is_made_again(self, world: Any, narrow: HeedsFirst) -> None:
        ids = world.add(3)
        sold(world, ids[0], 2)
        sold(world, ids[2], 1)
        failing = [2]

        def twist(body: Any, asked: Any) -> None:
            batch = body["result"]
            results, errors = section(batch["result"]), section(batch["result_error"])
            if failing[0] and "c0" not in asked["cmd"]:
                failing[0] -= 1
                errors["t1"] = {"error": "QUERY_LIMIT_EXCEEDED"}
                results.pop("t1", None)
            batch["result"], batch["result_error"] = results, errors

        world.transport = narrow

        sets, _ = await told(world.connect_twisted(twist), "deal_products", ids)

        assert counted(sets) == dict(zip(ids, [2, 0, 1], strict=True))
        assert failing == [0]

    async def test_a_set_that_is_saved_meanwhile_is_no_sign(self, world: Any) -> None:
        """A moment later its rows are there again."""
        some, none = world.add(2)
        sold(world, some, 2)
        requests: list[Any] = []

        def twist(body: Any, asked: Any) -> None:
            requests.append(asked["cmd"])
            if len(requests) == 1:
                section(body["result"]["result"])["t0"]["productRows"] = []

        source = world.connect_twisted(twist)

        answers = [answer async for answer in source.sets("deal_products", [some, none])]

        assert [(one.doubt, counted(one.sets)) for one in answers] == [(False, {some: 2, none: 0})]
        assert len(requests) == 2
        assert "singly" not in source.memory

    async def test_the_next_connection_asks_singly_and_doubts_nothing(
        self, world: Any, deals: list[str], wanted: Any, narrow: HeedsFirst
    ) -> None:
        first = world.connect(transport=narrow)
        await told(first, "deal_products", deals)
        narrow.asked.clear()

        source = world.connect(transport=narrow, memory=first.memory)
        answers = [answer async for answer in source.sets("deal_products", deals)]

        sets = {id: rows for answer in answers for id, rows in answer.sets.items()}
        assert counted(sets) == wanted("deal_products")
        assert not any(one.doubt for one in answers)
        assert narrow.several == 0
        assert [len(told) for told in narrow.asked] == [50, 50, 30]
        assert source.memory["singly"] == ["deal_products"]

    async def test_a_doubt_that_nobody_heeded_is_told_again(
        self, world: Any, deals: list[str], wanted: Any, narrow: HeedsFirst
    ) -> None:
        source = world.connect(transport=narrow)
        reading = source.sets("deal_products", deals)
        assert (await anext(reading)).doubt
        await reading.aclose()

        answers = [answer async for answer in source.sets("deal_products", deals)]

        assert [one.doubt for one in answers] == [True, False, False, False]
        sets = {id: rows for answer in answers for id, rows in answer.sets.items()}
        assert counted(sets) == wanted("deal_products")

    @pytest.mark.parametrize("slug", ["deal_contacts", "deal_comments"])
    async def test_other_sets_are_not_doubted(self, world: Any, deals: list[str], slug: str) -> None:
        calls: list[int] = []
        source = world.connect_twisted(lambda _, asked: calls.append(len(asked["cmd"])))

        await told(source, slug, deals)

        assert sum(calls) == -(-len(deals) // CHILDREN[slug].per)


def refusing(method: str, id: str | None, code: str, words: str) -> Callable[[Any, Any], None]:
    """A portal that refuses commands of a method that name a record (None: all of them)."""

    def twist(body: Any, asked: Any) -> None:
        batch = body["result"]
        results, errors = section(batch["result"]), section(batch["result_error"])
        for key, command in asked["cmd"].items():
            called, _, query = command.partition("?")
            if called == method and (id is None or id in [value for _, value in parse_qsl(query)]):
                results.pop(key, None)
                errors[key] = {"error": code, "error_description": words}
        batch["result"], batch["result_error"] = results, errors

    return twist


def answers_of(body: Any) -> Iterator[Any]:
    """What the commands of a batch answered."""
    results = body["result"]["result"]
    yield from results.values() if isinstance(results, dict) else results


def listed(slug: str, result: Any) -> list[Any]:
    """The rows in a command's answer, where its method puts them."""
    wrapper = {"deal_contacts": "items", "deal_products": "productRows"}.get(slug)
    return result[wrapper] if wrapper else result
