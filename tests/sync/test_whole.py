"""The whole CRM of a portal: what may not be read is told and paused alone, and comes when it may."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, built
from headwater.sandbox.bitrix24.faults import Fault, Kind
from headwater.sync.certificate import Certificate
from headwater.sync.engine import Engine
from headwater.sync.overview import Standing, standings
from headwater.sync.reconcile import Terms, reconcile
from headwater.testing.river import River, river
from headwater.warehouse import connections

SCOPES = ["crm", "user", "department", "telephony"]
FOR_EVER = None
STRANGE = "items_999"


@pytest.fixture
async def stream(newest_database: Any) -> AsyncIterator[River]:
    portal = built(Options(deals=12, virtual=True, limits=False))
    portal.set_rights(scopes=SCOPES)
    async with river(newest_database.url(), portal=portal) as flowing:
        yield flowing
    portal.close()


async def stands(flowing: River) -> dict[str, Standing]:
    return {one.entity: one for one in await standings(flowing.warehouse, flowing.tenant.id, [flowing.link])}


async def count(flowing: River, table: str) -> int:
    [row] = await flowing.rows(f"select count(*) from {table}")
    return int(row["count"])


async def test_without_the_right_to_calls_they_are_paused_and_all_else_is_read(stream: River) -> None:
    stream.portal.set_rights(scopes=["crm", "user", "department"])

    runs = await stream.sync_all()

    standing = await stands(stream)
    assert "calls" not in {run.entity for run in runs}
    assert {run.entity for run in runs} >= {"deals", "leads", "activities", "users", "items_177"}
    assert standing["calls"].status == "paused"
    assert "tick the scope" in (standing["calls"].error or "")
    assert {one.status for name, one in standing.items() if name != "calls"} == {"complete"}
    assert await count(stream, "crm_calls") == 0 < await count(stream, "crm_deals")

    stream.settle()
    await stream.sync_all()
    assert (await stands(stream))["calls"].status == "paused"

    stream.portal.set_rights(scopes=SCOPES)
    stream.settle()
    await stream.sync_all()

    healed = (await stands(stream))["calls"]
    assert (healed.status, healed.error) == ("complete", None)
    assert await count(stream, "crm_calls") == len(list(stream.portal.truth("call"))) > 0


async def test_a_right_that_is_lost_pauses_what_it_was_for_and_keeps_what_is_here(stream: River) -> None:
    await stream.sync_all()
    before = await count(stream, "crm_calls")

    stream.portal.set_rights(scopes=["crm", "user", "department"])
    stream.settle()
    await stream.sync_all()

    assert (await stands(stream))["calls"].status == "paused"
    assert await count(stream, "crm_calls") == before > 0


async def test_a_process_that_is_found_in_the_middle_is_read_from_then_on(stream: River) -> None:
    stream.portal.add_fault(Fault(Kind.SCOPE, method="crm.type.list"))
    first = await stream.sync_all()

    stream.settle()
    second = await stream.sync_all()

    assert not {run.entity for run in first} & {"items_177", "items_177_stage_history"}
    found = {run.entity: run for run in second}
    assert found["items_177"].reading.sync_type == "full"
    assert await count(stream, "crm_items") == len(list(stream.portal.truth("dynamic_177"))) > 0
    assert await count(stream, "crm_stage_history where entity = 'items_177'") > 0
    assert await count(stream, "crm_stages where entity = 'items_177' and gone_at is null") > 0


async def test_a_process_that_nobody_knows_of_yet_is_learnt_when_it_is_named(stream: River) -> None:
    stream.portal.add_fault(Fault(Kind.SCOPE, method="crm.type.list"))
    await stream.sync_all()
    source = stream.source()

    run = await Engine(stream.warehouse, stream.clock).sync_ids(stream.link, source, "items_177", ["1"])
    await source.close()

    assert run.stored.created == 1


@pytest.mark.parametrize("how", ["sync_ids", "sync", "reconcile"])
async def test_an_entity_there_is_not_is_told_with_those_there_are(stream: River, how: str) -> None:
    engine, source = Engine(stream.warehouse, stream.clock), stream.source()

    async def asked() -> None:
        match how:
            case "sync_ids":
                await engine.sync_ids(stream.link, source, STRANGE, ["1"])
            case "sync":
                await engine.sync(stream.link, source, entities=[STRANGE])
            case "reconcile":
                args = stream.warehouse, stream.clock, stream.link, source, Terms(seed=1)
                await reconcile(*args, entities=[STRANGE])

    with pytest.raises(NeedsPerson, match=rf"no entity '{STRANGE}'; there are: users, .*items_177"):
        await asked()
    await source.close()


class TestMerges:
    """What names a loser names the survivor afterwards, and no time tells; the sample is too small to see it."""

    async def test_what_named_the_losers_is_read_again_by_the_reconciliation_that_misses_them(
        self, stream: River
    ) -> None:
        contact, deal = await self.merged(stream)

        issued = await self.reconciled(stream)

        assert [issued[one].deleted for one in ("contacts", "deals")] == [1, 1]
        assert {issued[one].verdict for one in ("contacts", "leads", "deals", "activities")} == {"repaired"}
        assert await self.naming(stream, contact, deal) == [0, 0, 0, 0]
        assert await count(stream, "headwater.failed") == 0

    async def test_and_by_the_sync_that_follows_one_that_was_told_of_them(self, stream: River) -> None:
        contact, deal = await self.merged(stream)
        engine, source = Engine(stream.warehouse, stream.clock), stream.source()
        await engine.sync_ids(stream.link, source, "contacts", [contact])
        await engine.sync_ids(stream.link, source, "deals", [deal])
        await source.close()

        await stream.sync_all()

        assert await self.naming(stream, contact, deal) == [0, 0, 0, 0]
        assert await count(stream, "headwater.failed") == 0

    async def merged(self, stream: River) -> tuple[str, str]:
        """A contact of a deal and a deal with activities, both merged into others: the losers."""
        await stream.sync_all()
        deal = next(one["OWNER_ID"] for one in stream.portal.truth("activity") if one["OWNER_TYPE_ID"] == "2")
        contact = next(
            one["CONTACT_ID"] for one in stream.portal.truth() if one["CONTACT_ID"] and one["ID"] != deal
        )
        stream.clock.advance(timedelta(days=3).total_seconds())
        for loser, entity in ((contact, "contact"), (deal, "deal")):
            survivor = next(int(one["ID"]) for one in stream.portal.truth(entity) if one["ID"] != loser)
            stream.portal.merge([survivor, int(loser)], entity=entity)
        stream.settle()
        await stream.sync_all()
        assert 0 not in await self.naming(stream, contact, deal)
        return contact, deal

    async def naming(self, stream: River, contact: str, deal: str) -> list[int]:
        """How many rows name the losers."""
        return [
            await count(stream, f"crm_deals where contact_id = '{contact}'"),
            await count(stream, f"crm_links where to_entity = 'contacts' and to_id = '{contact}'"),
            await count(stream, f"crm_activities where deal_id = '{deal}'"),
            await count(stream, f"crm_activity_links where entity = 'deals' and external_id = '{deal}'"),
        ]

    async def reconciled(self, stream: River) -> dict[str, Certificate]:
        [stream.link] = await connections.links(stream.warehouse, stream.tenant.id)
        source = stream.source()
        terms = Terms(seed=1, sample=0)
        issued = await reconcile(stream.warehouse, stream.clock, stream.link, source, terms)
        await source.close()
        return {one.certificate.entity: one.certificate for one in issued}


class TestSets:
    @pytest.mark.parametrize(
        ("slug", "method"),
        [("deal_contacts", "crm.item.list"), ("deal_products", "crm.item.productrow.list")],
    )
    async def test_a_record_hidden_when_its_set_is_asked_for_has_it_read_when_it_is_shown_again_unchanged(
        self, stream: River, slug: str, method: str
    ) -> None:
        stream.portal.add_fault(Fault(Kind.ERROR, method, count=FOR_EVER, code="ERROR_METHOD_NOT_FOUND"))
        await stream.sync_all("deals")
        stream.portal.faults.clear()
        stream.portal.set_rights(admin=False, sees="own")
        await stream.sync_all("deals")
        hidden = (await stands(stream))[slug].due

        stream.portal.set_rights(admin=True)
        stream.settle()
        await stream.sync_all("deals")

        assert hidden
        assert (await stands(stream))[slug].due == 0
        assert (await stream.reconcile()).verdict == "equal"

    async def test_a_kind_of_set_that_may_not_be_read_keeps_nothing_else_from_being_read(
        self, stream: River
    ) -> None:
        stream.portal.add_fault(
            Fault(
                Kind.ERROR, method="crm.item.productrow.list", count=FOR_EVER,
                code="ERROR_METHOD_NOT_FOUND", description="Method not found!",
            )
        )  # fmt: skip

        runs = {run.entity: run for run in await stream.sync_all()}

        standing = await stands(stream)
        assert "ERROR_METHOD_NOT_FOUND" in runs["deals"].notes["deal_products"]["reason"]
        assert "ERROR_METHOD_NOT_FOUND" in standing["deals"].notes["deal_products"]["reason"]
        assert standing["deals"].status == "complete"
        assert standing["deal_products"].due == 12
        assert await count(stream, "crm_deal_products") == 0 < await count(stream, "crm_comments")
        assert await count(stream, "headwater.failed") == 0

        stream.portal.faults.clear()
        stream.settle()
        runs = {run.entity: run for run in await stream.sync_all()}

        assert "deal_products" not in runs["deals"].notes
        assert (await stands(stream))["deal_products"].due == 0
        of_deals = [row for row in stream.portal.truth("productrow") if row["OWNER_TYPE_ID"] == 2]
        assert await count(stream, "crm_deal_products") == len(of_deals) > 0

    async def test_a_set_that_is_refused_waits_in_the_failed_queue_and_heals(self, stream: River) -> None:
        stream.portal.add_fault(
            Fault(
                Kind.ERROR,
                method="crm.timeline.comment.list",
                key="c3",
                code="",
                description="Access denied.",
            )
        )

        runs = {run.entity: run for run in await stream.sync_all("deals")}

        [entry] = await stream.rows("select entity, external_id, reason from headwater.failed")
        assert entry["entity"] == "deal_comments"
        assert "Access denied" in entry["reason"]
        assert runs["deals"].sets["deal_comments"].changed == 11
        assert runs["deals"].stored.failed == 1

        stream.clock.advance(timedelta(days=1).total_seconds())
        await stream.sync_all("deals")

        assert await count(stream, "headwater.failed") == 0
        own = [one for one in stream.portal.truth("comment") if one["ENTITY_TYPE"] == "deal"]
        assert await count(stream, "crm_comments where entity = 'deals'") == len(own)

    async def test_what_does_not_fit_is_told_and_kept(self, stream: River) -> None:
        [first, second, *_] = [
            int(row["ID"]) for row in stream.portal.truth("productrow") if row["OWNER_TYPE_ID"] == 2
        ]
        stream.portal.change(first, {"QUANTITY": "много"}, entity="productrow")
        stream.portal.change(second, {"PRODUCT_NAME": "Насос\0"}, entity="productrow")

        [run] = await stream.sync_all("deals")

        assert {name: note["count"] for name, note in run.notes.items() if note["count"]} == {
            "deal_products.quantity": 1,
            "deal_products.name": 1,
        }
        assert (
            await count(stream, "crm_deal_products where raw ->> 'quantity' = 'много' and quantity is null")
            == 1
        )
        assert await count(stream, "crm_deal_products where name = 'Насос\ufffd'") == 1

    async def test_products_and_contacts_follow_their_deal(self, stream: River) -> None:
        await stream.sync_all("deals")
        sold = next(
            int(row["OWNER_ID"]) for row in stream.portal.truth("productrow") if row["OWNER_TYPE_ID"] == 2
        )
        query = f"select name, price from crm_deal_products where deal_id = '{sold}' order by place"
        before = await stream.rows(query)

        [old, *_] = [
            int(row["ID"]) for row in stream.portal.truth("productrow")
            if (row["OWNER_TYPE_ID"], row["OWNER_ID"]) == (2, sold)
        ]  # fmt: skip
        stream.portal.change(old, {"PRODUCT_NAME": "Другое", "PRICE": 12.5}, entity="productrow")
        stream.portal.change(sold, {"CONTACT_ID": "7", "CONTACT_IDS": [[7, 10], [9, 20]]})
        stream.settle()
        await stream.sync_all("deals")

        after = await stream.rows(query)
        assert {row["name"] for row in after} - {row["name"] for row in before} == {"Другое"}
        assert len(after) == len(before)
        links = await stream.rows(
            f"select to_id from crm_links where external_id = '{sold}' and entity = 'deals' order by place"
        )
        assert [row["to_id"] for row in links] == ["7", "9"]
        [told] = await stream.rows(
            f"select diff -> 'rows' as rows from headwater.history where entity = 'deal_products' and external_id = '{sold}'"
        )
        assert [len(rows) for rows in told["rows"]] == [len(before), len(after)]

    async def test_what_belonged_to_a_deleted_deal_is_kept_with_it_and_comes_back_with_it(
        self, stream: River
    ) -> None:
        await stream.sync_all("deals")
        sold = next(row["OWNER_ID"] for row in stream.portal.truth("productrow") if row["OWNER_TYPE_ID"] == 2)
        where = f"crm_deal_products where deal_id = '{sold}'"
        before = await count(stream, where)

        stream.portal.remove([sold])
        stream.settle()
        await stream.sync_ids(str(sold))
        gone = await stream.rows(
            "select external_id, last_row -> 'deal_products' as products from headwater.gone"
        )
        assert await count(stream, where) == 0
        assert [(row["external_id"], len(row["products"])) for row in gone] == [(str(sold), before)]

        stream.portal.restore(int(sold), same_id=True, touch=True)
        stream.settle()
        await stream.sync_all("deals")

        assert await count(stream, where) == before > 0

    async def test_a_deal_with_two_altered_sets_is_one_mismatch_and_both_are_mended(
        self, stream: River
    ) -> None:
        await stream.sync_all("deals")
        [row, *_] = await stream.rows(
            "select deal_id as id from crm_deal_products join crm_links"
            " on external_id = deal_id and entity = 'deals' limit 1"
        )
        sold = row["id"]
        queries = (
            f"select name, price from crm_deal_products where deal_id = '{sold}' order by place",
            f"select to_id from crm_links where external_id = '{sold}' and entity = 'deals' order by place",
        )
        before = [await stream.rows(query) for query in queries]
        async with stream.warehouse.acting_for(stream.tenant.id) as conn:
            await conn.execute("set local role hw_owner")
            await conn.execute(f"update crm_deal_products set price = 1 where deal_id = '{sold}'")
            await conn.execute(
                f"update crm_links set to_id = 'x' || to_id where external_id = '{sold}' and entity = 'deals'"
            )

        found = await stream.reconcile()

        assert (found.verdict, found.mismatched) == ("repaired", 1)
        assert {one.field for one in found.mismatches} == {"deal_products", "deal_contacts"}
        assert [await stream.rows(query) for query in queries] == before
        assert (await stream.reconcile()).verdict == "equal"
