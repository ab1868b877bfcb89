from urllib.parse import parse_qsl

import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Kind, Options, built, php

URL = "https://hooks.example/in"
TITLES = ("ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE")


def read(message):
    return php.nest(parse_qsl(message.body.decode(), keep_blank_values=True))


def told(portal):
    """What was told since the last time: (what happened, id)."""
    return [
        (message.event.removeprefix("ONCRMDEAL"), int(read(message)["data"]["FIELDS"]["ID"]))
        for message in portal.events.take()
    ]


@pytest.fixture
def heard(portal):
    """A portal with an outgoing webhook."""
    portal.add_handler(URL, application_token="jvh9y1")
    return portal


def test_an_outgoing_webhook_gets_exactly_these_bytes(heard):
    heard.events.root = "https://acme.bitrix24.ru"
    heard.books.member_id = "5f0c"
    heard.change(3, {"TITLE": "x"})
    [message] = heard.events.take()

    assert (message.url, message.handler) == (URL, 975)
    assert message.body == (
        b"event=ONCRMDEALUPDATE&event_handler_id=975&data%5BFIELDS%5D%5BID%5D=3&ts=1795165200"
        b"&auth%5Bdomain%5D=acme.bitrix24.ru"
        b"&auth%5Bclient_endpoint%5D=https%3A%2F%2Facme.bitrix24.ru%2Frest%2F"
        b"&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix.info%2Frest%2F"
        b"&auth%5Bmember_id%5D=5f0c&auth%5Bapplication_token%5D=jvh9y1"
    )


def test_an_application_gets_a_token_too(portal):
    portal.add_handler(URL, app=True)
    portal.change(3, {"TITLE": "x"})
    [message] = portal.events.take()

    assert list(read(message)["auth"]) == [
        "access_token", "expires", "expires_in", "scope", "domain", "server_endpoint", "status",
        "client_endpoint", "member_id", "user_id", "application_token",
    ]  # fmt: skip


def test_every_kind_of_change_is_told(heard, tell):
    [made] = heard.insert()
    added = tell("crm.deal.add", {"fields": {"TITLE": "a"}})["result"]
    item = tell("crm.item.add", {"entityTypeId": 2, "fields": {"title": "b"}})["result"]["item"]["id"]
    tell("crm.deal.update", {"id": added, "fields": {"TITLE": "c"}})
    tell("crm.deal.delete", {"id": item})
    back = heard.restore(item)
    heard.change(made, {"TITLE": "d"})
    heard.burst([made, added])
    heard.merge([made, added, back])
    heard.remove([made])

    assert told(heard) == [
        ("ADD", made), ("ADD", added), ("ADD", item), ("UPDATE", added), ("DELETE", item), ("ADD", back),
        ("UPDATE", made), ("UPDATE", made), ("UPDATE", added), ("DELETE", added), ("DELETE", back),
        ("UPDATE", made), ("DELETE", made),
    ]  # fmt: skip


def test_the_work_of_the_company_is_told(heard):
    worked = heard.work(20)

    assert [number for _, number in told(heard)] == worked


def test_what_is_silent_is_not_told(heard):
    heard.change(3, {"TITLE": "x"}, silent=True)
    heard.remove([3], silent=True)

    assert told(heard) == []


def test_a_move_to_another_pipeline_is_told_to_applications_only(heard, tell):
    moves = heard.add_handler(URL, events=["onCrmDealMoveToCategory", "ONCRMDEALUPDATE"], app=True)
    number = tell("crm.item.add", {"entityTypeId": 2, "fields": {"title": "a"}})["result"]["item"]["id"]
    heard.events.take()
    tell("crm.item.update", {"entityTypeId": 2, "id": number, "fields": {"categoryId": 5}})
    [message] = heard.events.take()

    assert (message.handler, message.event) == (moves.id, "ONCRMDEALMOVETOCATEGORY")
    assert read(message)["data"]["FIELDS"] == {
        "ID": str(number),
        "CATEGORY_ID": "5",
        "STAGE_ID": "C5:NEW",
    }


def test_custom_fields_are_told(portal):
    names = [f"ONCRMDEALUSERFIELD{verb}" for verb in ("ADD", "UPDATE", "DELETE")]
    portal.add_handler(URL, events=names)
    made = portal.add_field("NEW")
    portal.rename_field("UF_CRM_NEW", "New")
    portal.retype_field("UF_CRM_NEW", "integer")
    messages = portal.events.take()

    assert [message.event.removeprefix("ONCRMDEALUSERFIELD") for message in messages] == [
        "ADD", "UPDATE", "DELETE", "ADD",
    ]  # fmt: skip
    assert read(messages[0])["data"]["FIELDS"] == {
        "ID": str(made.id),
        "ENTITY_ID": "CRM_DEAL",
        "FIELD_NAME": "UF_CRM_NEW",
    }


def test_the_time_in_an_event_is_when_it_left_by_the_portals_clock(heard):
    heard.change(3, {"TITLE": "x"})
    heard.clock.advance(60)
    heard.clock.skew = -3600
    [message] = heard.events.take()

    assert read(message)["ts"] == str(1795165200 + 60 - 3600)


def test_a_lost_event_never_comes(heard):
    heard.add_fault({"kind": Kind.EVENT_LOST, "method": "oncrmdealupdate", "skip": 1})
    for number in (3, 4, 5):
        heard.change(number, {"TITLE": "x"})
    heard.remove([3])

    assert [number for _, number in told(heard)] == [3, 5, 3]
    assert heard.faults.struck == {"event_lost": 1}


def test_a_doubled_event_comes_twice(heard):
    heard.add_fault({"kind": Kind.EVENT_DOUBLED})
    heard.burst([3, 4])

    assert [number for _, number in told(heard)] == sorted([3, *heard.store.ids(heard.deals, [3, 4])])


def test_a_reordered_event_is_overtaken_by_the_next(heard):
    heard.add_fault({"kind": Kind.EVENT_REORDERED})
    heard.change(3, {"TITLE": "x"})
    heard.remove([3])

    assert told(heard) == [("DELETE", 3), ("UPDATE", 3)]


def test_a_reordered_event_that_nothing_follows_comes_after_all(heard):
    heard.add_fault({"kind": Kind.EVENT_REORDERED})
    heard.change(3, {"TITLE": "x"})
    at_once = told(heard)
    heard.clock.advance(10)

    assert (at_once, told(heard)) == ([], [("UPDATE", 3)])


def test_a_late_event_comes_late(heard):
    heard.add_fault({"kind": Kind.EVENT_LATE, "seconds": 300})
    heard.change(3, {"TITLE": "x"})
    heard.remove([3])
    before = told(heard)
    heard.clock.advance(300)

    assert before == [("DELETE", 3)]
    assert told(heard) == [("UPDATE", 3)]


def test_event_faults_follow_their_seed(heard):
    heard.add_fault({"kind": Kind.EVENT_LOST, "probability": 0.3, "count": None})
    heard.insert(count=1000)

    shown = heard.events.shown()
    assert 200 < shown["lost"] < 400
    assert shown["told"] == 1000 == shown["waiting"] + shown["lost"]


def test_event_faults_leave_requests_alone(heard, ask):
    for kind in (Kind.EVENT_LOST, Kind.EVENT_DOUBLED, Kind.EVENT_REORDERED, Kind.EVENT_LATE):
        heard.add_fault({"kind": kind})

    assert ask("crm.deal.list").status == 200
    assert heard.faults.struck == {}


def test_what_is_too_much_to_keep_drops_the_oldest_and_says_so(heard):
    heard.events.room = 5
    made = heard.insert(count=8)

    assert heard.events.shown() | {"taken": 0} == {
        "told": 8, "lost": 0, "dropped": 3, "taken": 0, "delivered": 0, "refused": 0, "failed": 0, "waiting": 5,
    }  # fmt: skip
    assert [number for _, number in told(heard)] == made[3:]


def test_nobody_listens_and_nothing_is_kept(portal):
    portal.insert(count=10)

    assert portal.events.shown()["told"] == 0


def test_a_removed_handler_hears_no_more(heard):
    heard.change(3, {"TITLE": "x"})

    assert heard.remove_handler(975)
    assert not heard.remove_handler(975)
    assert heard.events.take() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"url": "hooks.example"}, "no address of a handler"),
        ({"url": "ftp://hooks.example/"}, "begins with http"),
        ({"url": URL, "events": ["ONCRMDEALSOLD"]}, "there are ONCRMDEALADD"),
        ({"url": URL, "events": []}, "none"),
        ({"url": URL, "events": ["ONCRMDEALMOVETOCATEGORY"]}, "applications only"),
    ],
)
def test_a_handler_that_cannot_be_is_refused(portal, words, said):
    with pytest.raises(ValueError, match=said):
        portal.add_handler(**words)
    assert portal.books.handlers == []


def test_handlers_survive_a_restart(tmp_path):
    options = Options(store=tmp_path / "portal.sqlite", deals=5, virtual=True)
    first = built(options)
    made, member = first.add_handler(URL), first.books.member_id
    first.close()
    second = built(options)

    assert (second.books.handlers, second.books.member_id) == ([made], member)
    second.close()


async def test_a_webhook_cannot_bind_events_by_rest(door):
    async with door() as (_, client):
        given = await client.get("event.bind?event=ONCRMDEALADD")

    assert (given.status_code, given.json()["error"]) == (403, "WRONG_AUTH_TYPE")


async def test_the_control_door_binds_handlers_and_hands_out_events(door):
    async with door() as (control, client):
        made = await control.add_handler(URL, application_token="t")
        moves = await control.add_handler(URL, events=["ONCRMDEALMOVETOCATEGORY"], app=True)
        await client.get("crm.deal.update?id=3&fields[TITLE]=x")
        await control.change(3, {"TITLE": "unheard"}, silent=True)
        waiting = (await control.stats())["events"]["waiting"]
        taken = await control.events(limit=10)
        removed = await control.remove_handler(moves["id"])
        left = await control.handlers()
        with pytest.raises(NeedsPerson, match="no address"):
            await control.add_handler("nowhere")

    assert (waiting, [one["event"] for one in taken]) == (1, ["ONCRMDEALUPDATE"])
    assert taken[0]["body"].startswith("event=ONCRMDEALUPDATE&event_handler_id=975&")
    assert removed
    assert left == [made]
    assert made["events"] == sorted(TITLES)
