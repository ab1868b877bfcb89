"""Bitrix24 keeps the promises of every source, and has quirks of its own, against the rehearsal portal."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from headwater.core.errors import StopSync
from headwater.core.model import Kind, Page, Privacy, Span, Unread
from headwater.sandbox.bitrix24.books import UserField
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.faults import Kind as Fault
from headwater.testing.source_suite import SourceSuite, ids_of, read, rows_of

ALL = Span("deals", "all")


def unread_of(pages: list[Page]) -> list[Unread]:
    return [one for page in pages for part in page.parts for one in part.unread]


class TestBitrix24(SourceSuite):
    pass


class TestBitrix24InSmallAnswers(SourceSuite):
    """The same when no answer may be larger than a few pages, so that every reading has to shrink."""

    many = 400

    @pytest.fixture
    async def source(self, world: Any) -> Any:
        source = world.connect(limit=150_000)
        yield source
        await source.close()


class TestFields:
    async def test_the_pages_of_a_survey_cost_one_request(self, world: Any) -> None:
        await world.connect().survey(["deals"], count=True)

        assert len(world.pace.turns) == 1

    async def test_fields_are_described_as_the_portal_describes_them(self, world: Any) -> None:
        survey = await world.connect().survey(["deals"])
        fields = {field.name: field for field in survey.fields["deals"]}

        assert fields["UF_CRM_CITY"].label == "Город"
        assert fields["UF_CRM_CITY"].custom
        assert fields["UF_CRM_CITY"].privacy is Privacy.PERSONAL
        assert fields["COMMENTS"].privacy is Privacy.FREE_TEXT
        assert fields["UF_CRM_WAY"].kind is Kind.JSON
        assert fields["UF_CRM_WAY"].multiple
        assert fields["OPPORTUNITY"].kind is Kind.NUMBER
        assert fields["CLOSEDATE"].kind is Kind.DATE
        assert fields["LAST_ACTIVITY_TIME"].ticks
        assert fields["DATE_MODIFY"].ticks
        assert not fields["STAGE_ID"].ticks
        assert "CONTACT_IDS" not in fields
        assert survey.currency == "RUB"

    async def test_money_fills_an_amount_and_a_currency(self, world: Any) -> None:
        survey = await world.connect().survey(["deals"])
        fields = {field.name: field for field in survey.fields["deals"]}

        assert fields["UF_CRM_BUDGET"].kind is Kind.NUMBER
        assert fields["UF_CRM_BUDGET_CURRENCY"].kind is Kind.TEXT
        assert fields["UF_CRM_BUDGET_CURRENCY"].key == "UF_CRM_BUDGET"

    async def test_a_field_named_like_a_currency_does_not_collide(self, world: Any) -> None:
        world.portal.add_user_field(UserField(9, "CRM_DEAL", "UF_CRM_BUDGET_CURRENCY", "string", "Своё"))

        survey = await world.connect().survey(["deals"])

        names = [field.name for field in survey.fields["deals"]]
        assert {"UF_CRM_BUDGET", "UF_CRM_BUDGET_CURRENCY", "UF_CRM_BUDGET_CURRENCY_"} <= set(names)
        assert len(set(names)) == len(names)

    async def test_refused_labels_and_currency_do_not_stop_a_survey(self, world: Any) -> None:
        for method in ("crm.deal.userfield.list", "crm.currency.base.get"):
            world.fault(Fault.SCOPE, method=method)

        survey = await world.connect().survey(["deals"])

        assert survey.currency is None
        assert survey.fields["deals"]

    async def test_an_unknown_entity_is_named_with_the_known_ones(self, world: Any) -> None:
        with pytest.raises(StopSync, match="no entity 'dreams' here; there are: users, "):
            await world.connect().survey(["dreams"])


class TestNormal:
    async def normal(self, world: Any, **given: Any) -> dict[str, str | None]:
        [id_] = world.add(1)
        world.portal.change(int(id_), given)
        source = world.connect()
        fields = (await source.survey(["deals"])).fields["deals"]
        [row] = rows_of(await read(source, [ALL]))
        values = {field.name: source.decoder(field)(row.get(field.key)) for field in fields}
        return {one.column: one.take(values) for one in source.entities["deals"].normal}

    async def test_a_won_deal_is_closed_on_its_close_date_at_the_portal(self, world: Any) -> None:
        deal = await self.normal(
            world, STAGE_SEMANTIC_ID="S", CLOSEDATE="2026-11-17T03:00:00+03:00", OPPORTUNITY="300.00"
        )

        assert deal["won"] == "true"
        assert deal["closed_at"] == "2026-11-17T00:00:00+03:00"
        assert deal["value"] == "300.00"

    async def test_the_close_date_of_an_open_deal_is_only_a_plan(self, world: Any) -> None:
        deal = await self.normal(world, STAGE_SEMANTIC_ID="P", CLOSEDATE="2026-11-17T03:00:00+03:00")

        assert deal["won"] is None
        assert deal["closed_at"] is None

    async def test_a_lost_deal_is_not_won_and_zero_references_are_none(self, world: Any) -> None:
        deal = await self.normal(
            world, STAGE_SEMANTIC_ID="F", COMPANY_ID="0", CONTACT_ID="84", CATEGORY_ID="0"
        )

        assert deal["won"] == "false"
        assert deal["company_id"] is None
        assert deal["contact_id"] == "84"
        assert deal["pipeline"] == "0"


class TestPaging:
    async def test_two_and_a_half_thousand_records_come_in_one_request(self, world: Any) -> None:
        ids = world.add(2_499)

        pages = await read(world.connect(), [Span("deals", "all", upto=int(ids[-1]))])

        assert [page.requests for page in pages] == [1]
        assert len(rows_of(pages)) == 2_499

    async def test_a_quiet_window_costs_few_pages(self, world: Any) -> None:
        world.add(500)
        world.advance(3600)
        source = world.connect()
        await source.survey(["deals"])
        before = world.portal.stats.commands["crm.deal.list"]

        await read(source, [Span("deals", "moved", clock="DATE_MODIFY", since=world.now())])

        assert world.portal.stats.commands["crm.deal.list"] - before <= 4

    async def test_a_page_that_is_missing_from_an_answer_is_asked_again(self, world: Any) -> None:
        ids = world.add(700)
        world.fault(Fault.MISSING_KEY, skip=4)
        source = world.connect()

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        assert ids_of(source, pages) == list(ids)
        assert len(pages) == 2

    @pytest.mark.parametrize(
        ("code", "status"), [("INTERNAL_SERVER_ERROR", 500), ("OPERATION_TIME_LIMIT", 429)]
    )
    async def test_a_page_that_fails_in_passing_is_asked_again(
        self, world: Any, code: str, status: int
    ) -> None:
        ids = world.add(700)
        world.fault(Fault.ERROR, method="crm.deal.list", skip=4, count=3, code=code, status=status)
        source = world.connect()

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        assert ids_of(source, pages) == list(ids)

    async def test_a_repeated_row_is_handed_over_and_nothing_else_is_lost(self, world: Any) -> None:
        ids = world.add(700)
        world.fault(Fault.DUPLICATE_ROW, method="crm.deal.list", skip=2, count=2)
        source = world.connect()

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        assert sorted(set(ids_of(source, pages)), key=int) == list(ids)
        assert len(rows_of(pages)) - len(ids) in (1, 2)

    async def test_a_record_without_an_id_is_handed_over_with_the_rest(self, world: Any) -> None:
        ids = world.add(700)
        world.fault(Fault.NO_ID, method="crm.deal.list", skip=2)
        source = world.connect()

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        rows = rows_of(pages)
        assert [row for row in rows if "ID" not in row]
        assert {row["ID"] for row in rows if "ID" in row} == set(ids) - {ids[125]}
        assert len(rows) == 700

    async def test_slow_answers_make_requests_smaller(self, limited_world: Any) -> None:
        ids = limited_world.add(2_400)
        limited_world.fault(Fault.HTML, count=3, status=504, method="batch")
        source = limited_world.connect()

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        assert ids_of(source, pages) == list(ids)
        assert len(pages[0].parts[0].records) <= 6 * 50 + 50

    async def test_a_method_that_is_blocked_rests_until_its_time_returns(self, limited_world: Any) -> None:
        ids = limited_world.add(120)
        source = limited_world.connect()
        await source.survey(["deals"])
        limited_world.portal.limits.charge("1:" + limited_world.secret, "crm.deal.list", 1.0)
        limited_world.fault(Fault.OPERATION_LIMIT, method="crm.deal.list")

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        assert ids_of(source, pages) == list(ids)
        assert max(limited_world.clock.slept) > 590

    async def test_the_windows_of_a_portal_in_another_zone_are_exact(self, world: Any) -> None:
        world.portal.clock.zone = timezone(timedelta(hours=-9, minutes=-30))
        ids = world.add(10)
        world.advance(600)
        since = world.now()
        world.touch(ids[3:5])

        source = world.connect()
        window = Span("deals", "moved", clock="DATE_MODIFY", since=since, until=world.now())

        assert ids_of(source, await read(source, [window])) == list(ids[3:5])

    async def test_the_time_of_a_page_is_the_portals(self, world: Any) -> None:
        world.portal.clock.skew = 4_000
        world.add(1)

        [page] = await read(world.connect(), [ALL])

        assert page.now == PortalClock(world.clock.now(), skew=4_000).now().replace(microsecond=0)


class TestLargeRecords:
    async def test_a_comment_of_five_million_letters_is_read(self, world: Any) -> None:
        ids = world.add(60)
        world.portal.change(int(ids[30]), {"COMMENTS": "x" * 5_000_000})
        source = world.connect()

        rows = rows_of(await read(source, [Span("deals", "all", upto=int(ids[-1]))]))

        assert [row["ID"] for row in rows] == list(ids)
        assert len(rows[30]["COMMENTS"]) == 5_000_000

    async def test_a_page_of_large_records_is_read_in_halves(self, world: Any) -> None:
        ids = world.add(120)
        for id_ in ids[40:60]:
            world.portal.change(int(id_), {"COMMENTS": "x" * 40_000})
        source = world.connect(limit=200_000)

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        assert ids_of(source, pages) == list(ids)
        assert not unread_of(pages)

    async def test_a_record_larger_than_any_answer_is_put_aside_and_the_rest_lands(self, world: Any) -> None:
        ids = world.add(120)
        world.portal.change(int(ids[47]), {"COMMENTS": "x" * 300_000})
        world.portal.change(int(ids[119]), {"COMMENTS": "x" * 300_000})
        source = world.connect(limit=200_000)

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        assert ids_of(source, pages) == [*ids[:47], *ids[48:119]]
        assert [one.id for one in unread_of(pages)] == [ids[47], ids[119]]
        assert "larger than" in unread_of(pages)[0].reason
        assert pages[-1].parts[-1].done
        assert unread_of(pages[-1:])

    async def test_by_ids_a_record_larger_than_any_answer_is_put_aside_too(self, world: Any) -> None:
        ids = world.add(70)
        world.portal.change(int(ids[3]), {"COMMENTS": "x" * 300_000})
        source = world.connect(limit=200_000)

        pages = [page async for page in source.by_ids("deals", [*ids, "abc", "0"])]

        assert sorted(ids_of(source, pages), key=int) == [id_ for id_ in ids if id_ != ids[3]]
        assert {one.id for one in unread_of(pages)} == {ids[3], "abc", "0"}
        assert pages[-1].parts[0].done


class TestRights:
    async def test_a_person_who_is_no_administrator_is_told_so(self, world: Any) -> None:
        account = await world.connect(world.url.replace("/rest/1/", "/rest/7/")).check()

        assert account.person == "Олег Пак"
        assert not account.admin
        assert any("not an administrator" in words for words in account.missing)

    async def test_a_missing_scope_is_named_with_what_to_do(self, world: Any) -> None:
        world.portal.books.webhooks[0].scopes = ["user"]

        account = await world.connect().check()

        assert "scope crm is missing: edit the webhook and tick CRM" in account.missing

    async def test_a_renamed_portal_is_followed(self, world: Any) -> None:
        ids = world.add(60)
        source = world.connect()
        world.fault(Fault.MOVED, to="new.bitrix24.ru")

        pages = await read(source, [Span("deals", "all", upto=int(ids[-1]))])

        assert ids_of(source, pages) == list(ids)
        assert source.portal == "new.bitrix24.ru"
        assert world.pace.turns[:2] == ["acme.bitrix24.ru", "new.bitrix24.ru"]
