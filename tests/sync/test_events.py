"""Events, from the portal's post to the tables: read again, stored, and only then marked."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from psycopg import AsyncCursor

from headwater.core.errors import RetryLater
from headwater.sources.bitrix24.telling import MOVED
from headwater.sync import doors, hearing
from headwater.sync.engine import Engine
from headwater.sync.surveys import Surveys
from headwater.testing.live import Live, living


@pytest.fixture
async def live(newest_database) -> AsyncIterator[Live]:
    """A whole portal, synced once, that posts its events."""
    async with living(newest_database.url()) as made:
        await made.quiet()
        yield made


@pytest.fixture
async def small(newest_database) -> AsyncIterator[Live]:
    """A portal with deals alone, synced once."""
    async with living(newest_database.url(), whole=False) as made:
        await made.quiet()
        yield made


async def test_a_change_arrives_by_its_event_without_a_survey(live):
    number = live.deals()[0]
    live.portal.change(number, {"TITLE": "heard of"})
    await live.deliver()

    done = await live.drain()

    assert (await live.deal(number))["title"] == "heard of"
    assert (done.events, done.requests, len(live.wire.asked)) == (1, 1, 1)
    assert await live.outcomes() == {"stored": 1}
    [logged] = await live.rows("select * from headwater.sync_logs where sync_type = 'webhook'")
    assert (logged["entity_type"], logged["status"]) == ("deals", "completed")
    [change] = await live.rows(
        "select seen_by from headwater.history where external_id = %(id)s", id=str(number)
    )
    assert change["seen_by"] == "event"


async def test_an_increment_after_a_drain_reads_on_where_the_last_one_ended(live):
    number = live.deals()[0]
    before = await live.rows("select * from headwater.sync_state where entity_type = 'deals'")
    live.portal.change(number, {"TITLE": "a"})
    await live.deliver()
    await live.drain()
    after = await live.rows("select * from headwater.sync_state where entity_type = 'deals'")

    assert [row["cursor"] for row in before] == [row["cursor"] for row in after]
    assert [row["status"] for row in after] == ["complete"]
    assert (await live.compare()).equal


async def test_a_deleted_record_is_gone_after_the_portal_was_asked(live):
    kept, gone = live.deals()[:2]
    live.portal.remove([gone])
    body = live.portal.events.take()[0].body
    await live.post(body)
    await live.post(body.replace(str(gone).encode(), str(kept).encode(), 1))

    await live.drain()

    assert await live.deal(gone) is None
    assert await live.deal(kept) is not None
    [row] = await live.rows("select external_id, noticed from headwater.gone where entity = 'deals'")
    assert (row["external_id"], row["noticed"]) == (str(gone), "event")
    assert await live.outcomes() == {"gone": 1, "stored": 1}


async def test_a_mass_edit_of_a_thousand_deals_costs_two_requests(newest_database):
    async with living(newest_database.url(), whole=False, deals=1_200) as live:
        await live.quiet()
        changed = live.portal.burst(1_000, {"COMMENTS": "mass edit"})
        assert await live.deliver() == 1_000

        done = await live.drain()

        assert (done.events, len(live.wire.asked)) == (1_000, 1)
        rows = await live.rows("select count(*) as n from bitrix24.crm_deals where comments = 'mass edit'")
        assert rows[0]["n"] == len(changed) == 1_000
        live.surveys.forget(live.link.id)
        live.portal.burst(1_000, {"COMMENTS": "again"})
        await live.deliver()
        await live.drain()
        assert len(live.wire.asked) == 2


async def test_every_entity_of_the_portal_is_heard(live):
    made = {}
    for entity, fields in (("lead", {"TITLE": "x"}), ("contact", {"NAME": "x"}), ("company", {"TITLE": "x"})):
        [made[entity]] = live.portal.insert(fields, entity=entity)
    await live.deliver()

    done = await live.drain()

    assert {run.entity for run in done.runs} == {"leads", "contacts", "companies"}
    for table, entity in (("leads", "lead"), ("contacts", "contact"), ("companies", "company")):
        rows = await live.rows(
            f"select 1 from bitrix24.crm_{table} where bitrix_id = %(id)s", id=str(made[entity])
        )
        assert rows, entity


async def test_an_item_of_a_smart_process_is_heard(live):
    process = live.portal.books.processes[0].type_id
    [row] = await live.rows(f"select bitrix_id from bitrix24.crm_items_{process} order by 1 limit 1")
    table = f"bitrix24.crm_items_{process}"
    entity = next(name for name in live.portal.tables if str(process) in name)
    live.portal.change(int(row["bitrix_id"]), {"TITLE": "heard item"}, entity=entity)
    assert await live.deliver() == 1

    await live.drain()

    rows = await live.rows(f"select title from {table} where bitrix_id = %(id)s", id=row["bitrix_id"])
    assert rows[0]["title"] == "heard item"


async def test_a_deal_that_moves_to_another_funnel_is_heard(live):
    live.portal.add_handler("http://127.0.0.1:9/app", events=[MOVED], app=True)
    secret = await doors.opened(live.warehouse, live.link, now=live.clock.now())
    number = live.deals()[0]
    was = (await live.deal(number))["category_id"]
    other = next(one.id for one in live.portal.books.pipelines if str(one.id) != str(was))
    source = live.source()
    await source._wire.call(
        "crm.item.update", {"entityTypeId": 2, "id": number, "fields": {"categoryId": other}}
    )
    await source.close()
    bodies = [one.body for one in live.portal.events.take() if one.event == MOVED]
    assert len(bodies) == 1
    assert await live.post(bodies[0], secret)

    await live.drain()

    assert str((await live.deal(number))["category_id"]) == str(other)


async def test_doubled_reordered_and_late_events_leave_what_the_portal_has(small):
    numbers = small.deals()[:5]
    for kind in ("event_doubled", "event_reordered", "event_late"):
        small.portal.add_fault(
            {"kind": kind, "count": 3, **({"seconds": 30} if kind == "event_late" else {})}
        )
    for at in range(4):
        for number in numbers:
            small.portal.change(number, {"TITLE": f"{number} {at}"})
    small.portal.remove([numbers[0]])
    await small.deliver()
    await small.drain()
    small.clock.advance(60)
    await small.deliver()
    await small.drain()

    small.settle()
    assert [(await small.deal(one))["title"] for one in numbers[1:]] == [f"{one} 3" for one in numbers[1:]]
    assert await small.deal(numbers[0]) is None
    assert "waiting" not in await small.outcomes()


async def test_a_lost_event_is_found_by_the_next_increment(small):
    number = small.deals()[0]
    small.portal.add_fault({"kind": "event_lost", "count": 1})
    small.portal.change(number, {"TITLE": "nobody told"})
    assert await small.deliver() == 0

    await small.drain()
    await small.quiet()

    assert (await small.deal(number))["title"] == "nobody told"


async def test_an_event_that_lies_changes_nothing(small):
    number = small.deals()[0]
    small.portal.change(number, {"TITLE": "true"})
    [message] = small.portal.events.take()
    forged = message.body.replace(b"ONCRMDEALUPDATE", b"ONCRMDEALDELETE")
    await small.post(forged)
    await small.post(forged.replace(str(number).encode(), b"99999999", 1))

    await small.drain()

    assert (await small.deal(number))["title"] == "true"
    assert await small.outcomes() == {"stored": 1, "gone": 1}
    assert await small.rows("select 1 from headwater.gone") == []


async def test_a_drain_that_is_killed_before_it_marks_does_its_work_again_and_changes_nothing(small):
    number = small.deals()[0]
    small.portal.change(number, {"TITLE": "once"})
    await small.deliver()
    await small.drain()
    history = await small.rows("select * from headwater.history")
    with_marks = await small.rows("select id from headwater.inbox where applied_at is not null")
    await small.rows("update headwater.inbox set applied_at = null")  # as if it had never got so far

    await small.drain()

    assert len(with_marks) == 1
    assert await small.rows("select * from headwater.history") == history
    assert await small.outcomes() == {"stored": 1}
    [row] = await small.rows(
        "select count(*) as n from headwater.changes where entity = 'deals' and external_id = %(id)s and action = 'update'",
        id=str(number),
    )
    assert row["n"] == 1


class Crash(BaseException):
    """The process is gone."""


@pytest.mark.parametrize(
    "statement",
    [
        "insert into headwater.sync_logs",
        "insert into headwater.history",
        "update headwater.sync_logs",
        "update headwater.inbox",
    ],
)
async def test_wherever_a_drain_is_killed_the_next_one_ends_as_if_nothing_had_been(
    newest_database, statement
):
    class Fatal(AsyncCursor):
        armed = False

        async def execute(self, query, params=None, **words):
            text = query if isinstance(query, str) else query.as_string(self)
            if Fatal.armed and statement in " ".join(text.split()):
                raise Crash
            return await super().execute(query, params, **words)

    async with living(newest_database.url(), whole=False, cursor_factory=Fatal) as live:
        await live.quiet()
        numbers = live.deals()[:4]
        for number in numbers[1:]:
            live.portal.change(number, {"TITLE": "survives"})
        live.portal.remove(numbers[:1])
        await live.deliver()

        Fatal.armed = True
        with pytest.raises(Crash):
            await live.drain()
        assert await live.outcomes() == {"waiting": 4}
        Fatal.armed = False
        await live.drain()

        assert [(await live.deal(one) or {}).get("title") for one in numbers] == [None, *["survives"] * 3]
        assert await live.outcomes() == {"stored": 3, "gone": 1}
        history = await live.rows("select external_id from headwater.history where entity = 'deals'")
        assert sorted(row["external_id"] for row in history) == sorted(map(str, numbers[1:]))
        open_runs = await live.rows("select 1 from headwater.sync_logs where status = 'running'")
        assert open_runs == []


async def test_a_portal_that_fails_leaves_events_waiting_and_says_so(small):
    number = small.deals()[0]
    small.portal.change(number, {"TITLE": "later"})
    await small.deliver()
    small.wire.failing = "crm.deal.list"

    with pytest.raises(RetryLater):
        await small.drain()

    assert await small.outcomes() == {"waiting": 1}
    [row] = await small.rows("select tries, outcome from headwater.inbox")
    assert row["tries"] == 1
    assert row["outcome"]
    small.wire.failing = None
    await small.drain()
    assert (await small.deal(number))["title"] == "later"


async def test_one_entity_that_fails_keeps_no_other_from_being_read(live):
    number = live.deals()[0]
    live.portal.change(number, {"TITLE": "read"})
    live.portal.insert({"TITLE": "x"}, entity="lead")
    await live.deliver()
    live.wire.failing = "crm.lead.list"

    with pytest.raises(RetryLater):
        await live.drain()

    assert (await live.deal(number))["title"] == "read"
    assert await live.outcomes() == {"stored": 1, "waiting": 1}


async def test_events_of_what_is_switched_off_unknown_or_senseless_are_marked_with_the_reason(live):
    await live.rows("update headwater.sync_config set enabled = false where entity_type = 'leads'")
    await live.rows("update headwater.sync_config set webhook_enabled = false where entity_type = 'contacts'")
    number = live.deals()[0]
    live.portal.change(number, {"TITLE": "x"})
    [message] = live.portal.events.take()
    for old, new in (
        (b"ONCRMDEALUPDATE", b"ONCRMLEADUPDATE"),
        (b"ONCRMDEALUPDATE", b"ONCRMCONTACTADD"),
        (b"ONCRMDEALUPDATE", b"ONCRMQUOTEADD"),
        (b"ONCRMDEALUPDATE", b"ONCRMDYNAMICITEMADD_999"),
        (b"ONCRMDEALUPDATE", b"ONAPPTEST"),
        (f"={number}&".encode(), b"=abc&"),
    ):
        await live.post(message.body.replace(old, new, 1))
    await live.post(message.body)

    done = await live.drain()

    found = await live.outcomes()
    assert found.pop("stored") == 1
    assert all(word.startswith("ignored: ") for word in found)
    assert sum(found.values()) == 6
    assert done.events == 7


async def test_comments_make_the_sets_of_their_records_due_and_these_are_read(live):
    number = live.deals()[0]
    source = live.source()
    await source._wire.call(
        "crm.timeline.comment.add",
        {"fields": {"ENTITY_ID": number, "ENTITY_TYPE": "deal", "COMMENT": "hello there"}},
    )
    await live.sets()
    await live.deliver()
    done = await live.drain()
    assert done.runs[0].entity == "deals"
    assert "sets" in await live.jobs()

    runs = await live.sets()

    [run] = [run for run in runs if run.entity == "deals"]
    rows = await live.rows("select body from crm_comments where body = 'hello there'")
    assert len(rows) == 1
    assert run.sets["deal_comments"].changed >= 1
    [comment] = await live.rows("select comment_id from crm_comments where body = 'hello there'")
    await source._wire.call("crm.timeline.comment.delete", {"id": comment["comment_id"]})
    await source.close()
    await live.deliver()
    await live.drain()
    await live.sets()
    assert await live.rows("select body from crm_comments where body = 'hello there'") == []


async def test_sets_of_a_change_are_due_a_little_later(live):
    number = live.deals()[0]
    live.portal.change(number, {"TITLE": "x"})
    await live.deliver()

    await live.drain()

    jobs = await live.jobs()
    assert jobs["sets"] > live.clock.now() - timedelta(seconds=1)
    assert jobs["drain"] <= live.clock.now()
    due = await live.rows("select entity from headwater.due_sets where external_id = %(id)s", id=str(number))
    assert {row["entity"] for row in due} == {"deal_contacts", "deal_products", "deal_comments"}
    await live.sets()
    due = await live.rows("select entity from headwater.due_sets where external_id = %(id)s", id=str(number))
    assert due == []
    assert await live.sets() == []


async def test_what_changed_while_sets_are_read_has_its_other_sets_read_again(live):
    """The deal is read again for its comments, as it was read long ago, and found changed: its contacts and
    products are due then, and somebody has to come back for them."""
    number = live.deals()[0]
    await live.sets()
    live.clock.advance(120)
    live.portal.change(number, {"TITLE": "changed, and its event was lost"}, silent=True)
    await live.rows(
        "update headwater.child_sets set due = true where entity = 'deal_comments' and external_id = %(id)s",
        id=str(number),
    )

    await live.sets()

    assert "sets" in await live.jobs()
    await live.rows("update headwater.jobs set due_at = null where kind = 'sets'")
    await live.sets()
    due = await live.rows("select entity from headwater.due_sets where external_id = %(id)s", id=str(number))
    assert due == []
    assert (await live.jobs())["sets"] is None


async def test_a_call_makes_the_next_increment_of_calls_due(live):
    number = live.deals()[0]
    live.portal.change(number, {"TITLE": "x"})
    [message] = live.portal.events.take()
    await live.post(message.body.replace(b"ONCRMDEALUPDATE", b"ONVOXIMPLANTCALLEND"))
    await live.rows(
        "update headwater.sync_config set due_at = '2030-01-01' where entity_type in ('calls', 'deals')"
    )

    done = await live.drain()

    rows = await live.rows(
        "select entity_type, due_at from headwater.sync_config where entity_type in ('calls', 'deals') order by 1"
    )
    assert [row["due_at"] <= live.clock.now() for row in rows] == [True, False]
    assert (await live.jobs())["sync"] <= live.clock.now()
    assert done.requests == 0


async def test_a_new_field_is_read_with_the_first_record_after_its_event(small):
    number = small.deals()[0]
    small.portal.add_field("UF_CRM_NEWS", "string", label="News")
    small.portal.change(number, {"UF_CRM_NEWS": "brand new"})
    await small.deliver()

    await small.drain()

    assert (await small.deal(number))["uf_crm_news"] == "brand new"


async def test_a_field_nobody_told_of_is_kept_aside_and_makes_the_increment_due(small):
    number = small.deals()[0]
    small.portal.add_field("UF_CRM_SECRETIVE", "string", label="Secretive")
    small.portal.events.take()
    small.portal.change(number, {"UF_CRM_SECRETIVE": "unseen"})
    await small.deliver()

    await small.drain()

    assert "unseen" in str((await small.deal(number))["_more"])
    [row] = await small.rows("select due_at from headwater.sync_config where entity_type = 'deals'")
    assert row["due_at"] <= small.clock.now()
    small.portal.change(number, {"TITLE": "next"})
    await small.deliver()
    await small.drain()
    assert (await small.deal(number))["uf_crm_secretive"] == "unseen"


async def test_a_process_that_remembers_less_than_another_knows_surveys_again(small):
    elsewhere = small.surveys
    number = small.deals()[0]
    small.portal.add_field("UF_CRM_LATER", "string", label="Later")
    small.surveys = Surveys()
    await small.quiet()
    small.surveys = elsewhere
    small.portal.change(number, {"UF_CRM_LATER": "kept"})
    await small.deliver()

    await small.drain()

    assert (await small.deal(number))["uf_crm_later"] == "kept"
    assert len(small.wire.asked) == 2


async def test_a_survey_is_too_old_after_a_quarter_of_an_hour(small):
    small.clock.advance(16 * 60)
    small.portal.change(small.deals()[0], {"TITLE": "x"})
    await small.deliver()

    await small.drain()

    assert len(small.wire.asked) == 2


async def test_times_without_an_offset_are_the_portals_own_though_nothing_was_asked_before(live):
    before = await live.rows(
        "select bitrix_id, to_jsonb(d) - '_began' - '_synced_at' - '_version' as row from bitrix24.crm_deals d order by 1"
    )
    for number in live.deals():
        live.portal.change(number, {}, touch=False)
    await live.deliver()
    await live.drain()

    assert (
        await live.rows(
            "select bitrix_id, to_jsonb(d) - '_began' - '_synced_at' - '_version' as row from bitrix24.crm_deals d order by 1"
        )
        == before
    )
    assert await live.rows("select 1 from headwater.history") == []


async def test_a_time_is_replayed_and_nothing_changes(small):
    numbers = small.deals()[:3]
    began = small.clock.now()
    for number in numbers:
        small.portal.change(number, {"TITLE": "x"})
    await small.deliver()
    await small.drain()
    history = await small.rows("select * from headwater.history")

    link = [small.link]
    until = small.clock.now() + timedelta(seconds=1)
    counts = await hearing.replayed(small.warehouse, small.clock, link, since=began, until=until)
    other = await hearing.replayed(
        small.warehouse, small.clock, link, since=began, until=until, entity="leads"
    )
    done = await small.drain()

    assert (counts, other) == ({"bitrix24": 3}, {"bitrix24": 0})
    assert (done.events, done.runs[0].stored.same) == (3, 3)
    assert await small.rows("select * from headwater.history") == history


async def test_an_uninstall_pauses_nobody_whom_the_portal_still_lets_in(small):
    small.portal.change(small.deals()[0], {"TITLE": "x"})
    [message] = small.portal.events.take()
    goodbye = message.body.replace(b"ONCRMDEALUPDATE", b"ONAPPUNINSTALL")
    await small.post(goodbye)
    await small.drain()

    assert await small.outcomes() == {"ignored: the portal still lets us in": 1}
    small.portal.expire()
    await small.post(goodbye)
    await small.drain()
    [row] = await small.rows("select paused_at, paused_reason from headwater.connections")
    assert row["paused_at"] is not None
    assert "removed from the portal" in row["paused_reason"]


async def test_the_portals_own_queue_makes_every_increment_due(small):
    small.portal.change(small.deals()[0], {"TITLE": "x"})
    [message] = small.portal.events.take()
    await small.post(message.body.replace(b"ONCRMDEALUPDATE", b"ONOFFLINEEVENT"))

    await small.drain()

    rows = await small.rows("select entity_type from headwater.sync_config where due_at is null")
    assert "deals" not in {row["entity_type"] for row in rows}
    assert "sync" in await small.jobs()


async def test_an_entity_that_may_not_be_read_any_more_has_its_events_marked_with_the_reason(live):
    for method in ("crm.lead.fields", "crm.lead.list", "crm.lead.userfield.list"):
        live.portal.add_fault({"kind": "error", "method": method, "count": None, "code": "ACCESS_DENIED"})
    live.portal.insert({"TITLE": "x"}, entity="lead")
    await live.deliver()
    live.surveys.forget(live.link.id)

    await live.drain()

    [outcome] = await live.outcomes()
    assert outcome.startswith("ignored: ")
    assert "rights" in outcome
    number = live.deals()[0]
    live.portal.change(number, {"TITLE": "still read"})
    await live.deliver()
    await live.drain()
    assert (await live.deal(number))["title"] == "still read"


async def test_events_that_arrive_while_a_drain_works_are_applied_by_it(small):
    first, second = small.deals()[:2]
    small.portal.change(first, {"TITLE": "one"})
    await small.deliver()
    inner = small.wire.inner

    class Late(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            answer = await inner.handle_async_request(request)
            if (await small.deal(second))["title"] != "two":
                small.portal.change(second, {"TITLE": "two"})
                await small.deliver()
            return answer

    small.wire.inner = Late()

    done = await small.drain()

    assert done.events >= 2
    assert (await small.deal(second))["title"] == "two"
    assert set(await small.outcomes()) == {"stored"}


async def test_enough_is_heeded_and_what_is_left_stays_due(small):
    small.portal.change(small.deals()[0], {"TITLE": "x"})
    await small.deliver()
    source = small.source()

    await Engine(small.warehouse, small.clock, surveys=small.surveys).drain(
        small.link, source, enough=lambda: True
    )
    await source.close()

    assert await small.outcomes() == {"stored": 1}
