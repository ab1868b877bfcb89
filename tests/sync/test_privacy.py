"""What a connection of privacy mode analytics keeps, and that what it does not keep is nowhere."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from headwater.cli import demo
from headwater.core.errors import RetryLater
from headwater.core.model import PrivacyMode
from headwater.sandbox.bitrix24 import Options, Portal, built
from headwater.sync import privacy as modes
from headwater.sync import proof
from headwater.testing.river import River, river
from headwater.testing.settled import caught_up
from headwater.warehouse import connections, documents, erasing, lease, privacy
from headwater.warehouse.pool import Warehouse

WORD = "Тайна77"
"""What people wrote: it stands in every kind of field that only `full` keeps."""

SEEN = "Видно88"
"""What `analytics` keeps as well: names, titles, custom text."""

FULL, ANALYTICS = PrivacyMode.FULL, PrivacyMode.ANALYTICS


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    made = built(Options(deals=12, virtual=True, limits=False))
    made.add_field("UF_CRM_SCAN", "file", label="Скан")
    made.add_field("UF_CRM_NOTE", "string", label="Заметка")
    yield made
    made.close()


@pytest.fixture
async def stream(newest_database: Any, portal: Portal) -> AsyncIterator[River]:
    async with river(newest_database.url(), portal=portal) as flowing:
        yield flowing


def ids(portal: Portal, entity: str = "deal") -> list[int]:
    return [int(record.get("ID") or record["id"]) for record in portal.truth(entity)]


def write(portal: Portal, word: str = WORD) -> None:
    """People write in every place that there is."""
    deal, lead, contact = ids(portal)[0], ids(portal, "lead")[0], ids(portal, "contact")[0]
    portal.change(deal, {"COMMENTS": word, "TITLE": SEEN, "UF_CRM_NOTE": SEEN})
    portal.change(deal, {"UF_CRM_SCAN": {"id": 7, "name": word, "downloadUrl": f"/{word}"}})
    portal.change(
        lead, {"COMMENTS": word, "SOURCE_DESCRIPTION": word, "STATUS_DESCRIPTION": word}, entity="lead"
    )
    portal.change(contact, {"COMMENTS": word, "NAME": SEEN}, entity="contact")
    portal.change(ids(portal, "company")[0], {"COMMENTS": word}, entity="company")
    letter = next(int(one["ID"]) for one in portal.truth("activity") if one["TYPE_ID"] == "4")
    portal.change(letter, {"SUBJECT": word, "DESCRIPTION": word, "SETTINGS": {"k": word}}, entity="activity")
    portal.insert({"ENTITY_TYPE": "deal", "ENTITY_ID": str(deal), "COMMENT": word}, entity="comment")


async def changed(flowing: River, mode: PrivacyMode) -> modes.Changed:
    source = flowing.source()
    try:
        await source.survey(more=True)
        return await modes.changed(flowing.warehouse, flowing.clock, flowing.link, source, mode)
    finally:
        await source.close()


async def equal(flowing: River) -> bool:
    """Whether everything that is kept equals the portal's own account, and nothing else is here."""

    async def streamed(entity: str) -> AsyncIterator[Mapping[str, Any]]:
        for record in flowing.portal.truth(entity, listed=True):
            yield record

    source = flowing.source()
    try:
        await source.survey(more=True)
        truths = {slug: streamed(name) for slug, name in demo.TRUTHS.items()}
        found = await proof.all_compared(flowing.warehouse, flowing.link, source, truths)
    finally:
        await source.close()
    assert {slug for slug, one in found.items() if not one.equal} == set(), found
    return True


async def history(flowing: River, entity: str = "deals") -> list[dict[str, Any]]:
    query = "select diff from headwater.history where entity = %(entity)s order by began"
    return [row["diff"] for row in await flowing.rows(query, entity=entity)]


class TestAnalytics:
    """A connection that keeps no free text from its first day."""

    @pytest.fixture
    async def stream(self, newest_database: Any, portal: Portal) -> AsyncIterator[River]:
        async with river(newest_database.url(), portal=portal) as flowing:
            await changed(flowing, ANALYTICS)
            write(portal)
            await flowing.sync_all()
            yield flowing

    async def test_what_people_wrote_is_nowhere_and_the_rest_is_equal(
        self, stream: River, newest_database: Any
    ) -> None:
        assert newest_database.holding(WORD) == []
        assert {"bitrix24.crm_deals", "public.crm_deals", "public.crm_contacts"} <= {
            *newest_database.holding(SEEN)
        }
        assert await equal(stream)
        [counted] = await stream.rows(
            "select count(*), count(author_id) as authors, count(body) from crm_comments"
        )
        assert (counted["authors"] > 0, counted["count"]) == (True, 0)

    async def test_its_changes_leave_no_trace_and_others_do(
        self, stream: River, newest_database: Any
    ) -> None:
        deal = ids(stream.portal)[0]
        stream.portal.change(deal, {"COMMENTS": f"{WORD} again"})
        stream.settle()
        await stream.sync_all()
        quiet = await history(stream)
        stream.portal.change(deal, {"COMMENTS": f"{WORD} once more", "OPPORTUNITY": "12.50"})
        stream.settle()
        await stream.sync_all()

        assert quiet == []
        [diff] = await history(stream)
        assert diff["opportunity"][1] == 12.5
        assert newest_database.holding(WORD) == []

    async def test_what_vanishes_or_fails_is_kept_without_it(
        self, stream: River, newest_database: Any
    ) -> None:
        deal, other, *_ = ids(stream.portal)
        await refused(stream, other)
        stream.portal.remove([deal])
        failed = await stream.rows("select raw from headwater.failed where entity = 'deals'")
        certificate = await stream.reconcile()

        gone = await stream.rows("select last_row from headwater.gone where entity = 'deals'")
        assert [row["last_row"]["title"] for row in gone] == [SEEN]
        assert [(row["raw"]["TITLE"], "COMMENTS" in row["raw"]) for row in failed] == [(SEEN, False)]
        assert newest_database.holding(WORD) == []
        assert {"COMMENTS", "UF_CRM_SCAN"} <= {*certificate.not_kept}
        assert "TITLE" not in certificate.not_kept

    async def test_what_somebody_puts_there_is_found_and_not_told(
        self, stream: River, newest_database: Any
    ) -> None:
        async with stream.warehouse.acting_for(stream.tenant.id) as conn:
            await conn.execute("update bitrix24.crm_deals set comments = %s", [WORD])

        certificate = await stream.reconcile()

        assert certificate.mismatched == 12
        assert {(one.field, one.in_source, one.stored) for one in certificate.mismatches} == {
            ("COMMENTS", None, None)
        }
        assert newest_database.holding(WORD) == []

    async def test_tables_say_what_is_not_kept(self, stream: River) -> None:
        [row] = await stream.rows(
            "select col_description('bitrix24.crm_deals'::regclass, attnum) as said from pg_attribute "
            "where attrelid = 'bitrix24.crm_deals'::regclass and attname = 'comments'"
        )
        configured = await stream.rows("select distinct privacy from sync_config")

        assert row["said"].endswith("(not kept in privacy mode analytics)")
        assert configured == [{"privacy": "analytics"}]


async def refused(flowing: River, deal: int) -> None:
    """A deal is stored in the failed queue, since the database does not take its amount."""
    async with flowing.warehouse.acting_for(flowing.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute("alter table bitrix24.crm_deals add constraint sane check (opportunity < 1e9)")
    flowing.portal.change(deal, {"OPPORTUNITY": "5000000000", "COMMENTS": WORD, "TITLE": SEEN})
    flowing.settle()
    await flowing.sync_all("deals")
    async with flowing.warehouse.acting_for(flowing.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute("alter table bitrix24.crm_deals drop constraint sane")


async def live(flowing: River) -> None:
    """A company at work: what people wrote is in tables, history, gone, the failed queue and certificates."""
    portal = flowing.portal
    write(portal)
    await flowing.sync_all()
    deal, doomed, odd, costly, *_ = ids(portal)
    portal.change(deal, {"COMMENTS": f"{WORD} later", "OPPORTUNITY": "5"})
    portal.change(doomed, {"COMMENTS": WORD})
    flowing.settle()
    await flowing.sync_all()
    portal.remove([doomed])
    portal.change(odd, {"COMMENTS": f"{WORD} silent"}, touch=False)
    await flowing.reconcile()
    await refused(flowing, costly)


async def test_changing_to_analytics_erases_everything_of_it_at_once(database: Any, portal: Portal) -> None:
    async with river(database.url(), portal=portal) as flowing:
        await live(flowing)
        await caught_up(documents.follow, flowing.warehouse, flowing.link)
        before = database.holding(WORD)

        found = await changed(flowing, ANALYTICS)
        await caught_up(documents.follow, flowing.warehouse, flowing.link)
        left = await flowing.rows("select count(*) > 0 as any from headwater.search")

    assert left == [{"any": True}]
    assert {
        "bitrix24.crm_activities", "bitrix24.crm_contacts", "bitrix24.crm_deals", "bitrix24.crm_leads",
        "headwater.certificates", "headwater.failed", "headwater.gone", "headwater.history",
        "public.crm_activities", "public.crm_comments", "headwater.search",
    } <= {*before}  # fmt: skip
    assert (found.news, found.privacy) == (True, ANALYTICS)
    assert {"bitrix24.crm_deals", "public.crm_comments", "headwater.history"} <= {*found.erased}
    assert database.holding(WORD) == []


class TestChanging:
    """A connection that kept everything, and does not any more."""

    @pytest.fixture
    async def stream(self, stream: River) -> River:
        await live(stream)
        stream.portal.change(ids(stream.portal)[3], {"OPPORTUNITY": "6"})  # what was refused comes once more
        return stream

    async def test_what_is_kept_stays_and_the_next_sync_is_equal(
        self, stream: River, newest_database: Any
    ) -> None:
        before = await history(stream)
        await changed(stream, ANALYTICS)
        stream.settle()

        await stream.sync_all()

        assert {"opportunity"} <= {name for diff in await history(stream) for name in diff}
        assert not any("comments" in diff for diff in await history(stream))
        assert any("comments" in diff for diff in before)
        assert await equal(stream)
        assert newest_database.holding(WORD) == []
        assert (await stream.reconcile()).verdict == "equal"

    @pytest.mark.parametrize("step", ["_records", "_aside", "_swept"])
    async def test_what_was_cut_short_is_finished_before_the_next_read(
        self, stream: River, newest_database: Any, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        monkeypatch.setattr(erasing, "STRETCH", 3)
        with monkeypatch.context() as cutting:
            calls = 0
            once = getattr(erasing._Work, step)

            async def cut(self: Any, *words: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls == 2 or step == "_swept":
                    raise RetryLater("the server went away")
                return await once(self, *words)

            cutting.setattr(erasing._Work, step, cut)
            with pytest.raises(RetryLater):
                await changed(stream, ANALYTICS)
        keeping = await privacy.read(stream.warehouse, stream.tenant.id, stream.link.id)
        stream.settle()

        await stream.sync_all("users")

        assert (keeping.mode, keeping.erasing) == (ANALYTICS, True)
        assert newest_database.holding(WORD) == []
        assert not (await privacy.read(stream.warehouse, stream.tenant.id, stream.link.id)).erasing

    async def test_again_it_finds_nothing(self, stream: River) -> None:
        await changed(stream, ANALYTICS)

        again = await changed(stream, ANALYTICS)

        assert (again.news, again.erased) == (False, {})

    async def test_nobody_syncs_meanwhile(self, stream: River) -> None:
        link = stream.link
        async with lease.taken(stream.warehouse, link.tenant, link.id, now=stream.clock.now()):
            with pytest.raises(RetryLater, match="is syncing this connection"):
                await changed(stream, ANALYTICS)

    async def test_back_to_everything_it_is_read_again_and_no_history_is_made_of_it(
        self, stream: River, newest_database: Any
    ) -> None:
        await changed(stream, ANALYTICS)
        stream.settle()
        await stream.sync_all()
        before = [await history(stream, one) for one in ("deals", "activities", "deal_comments")]

        found = await changed(stream, FULL)
        stream.settle()
        runs = await stream.sync_all()

        assert (found.news, found.erased) == (True, {})
        assert {run.reading.sync_type for run in runs} == {"full"}
        assert await equal(stream)
        assert {"bitrix24.crm_deals", "public.crm_comments"} <= {*newest_database.holding(WORD)}
        assert [await history(stream, one) for one in ("deals", "activities", "deal_comments")] == before
        stream.portal.change(ids(stream.portal)[0], {"COMMENTS": "new"})
        stream.settle()
        await stream.sync_all()
        assert (await history(stream))[-1]["comments"][1] == "new"


async def test_another_connection_keeps_what_it_keeps(newest_database: Any, portal: Portal) -> None:
    async with (
        river(newest_database.url(), portal=portal) as first,
        river(newest_database.url(), portal=portal, host="second.bitrix24.ru") as second,
    ):
        write(portal)
        await first.sync_all()
        await second.sync_all()

        await changed(second, ANALYTICS)

        assert await equal(first)
        assert await equal(second)
        bodies = await first.rows("select connection_id, count(body) from crm_comments group by 1")
        assert {row["connection_id"]: row["count"] > 0 for row in bodies} == {
            first.link.id: True, second.link.id: False,
        }  # fmt: skip


async def test_where_companies_share_a_database_new_connections_keep_no_free_text(
    newest_database: Any,
) -> None:
    async with Warehouse(newest_database.url(), size=1) as warehouse:
        found = []
        for name in ("one", "two"):
            owner = await connections.put_tenant(warehouse, name, name)
            link = await connections.put_link(
                warehouse,
                owner,
                source="bitrix24",
                portal=f"{name}.bitrix24.ru",
                title="",
                sealed="",
                account={},
            )
            found.append((await privacy.read(warehouse, owner.id, link.id)).mode)

    assert found == [FULL, ANALYTICS]


async def test_a_field_that_is_free_text_since_today_is_erased(stream: River, newest_database: Any) -> None:
    write(stream.portal)
    await changed(stream, ANALYTICS)
    await stream.sync_all()
    async with stream.warehouse.acting_for(
        stream.tenant.id
    ) as conn:  # as an earlier version would have left it
        await conn.execute("update bitrix24.crm_deals set comments = %s", [WORD])
        await conn.execute(
            "update headwater.typed_columns set privacy = 'plain', withheld = false where field = 'COMMENTS'"
        )
    before = newest_database.holding(WORD)
    stream.settle()

    await stream.sync_all("deals")

    assert before == ["bitrix24.crm_deals"]
    assert newest_database.holding(WORD) == []
    assert await equal(stream)
