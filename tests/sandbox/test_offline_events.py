"""event.bind and the queue of offline events: what an application may bind, and that nothing is lost."""

from urllib.parse import parse_qsl

import orjson
import pytest

from headwater.sandbox.bitrix24 import Options, built, php
from headwater.sandbox.bitrix24.answers import Request
from headwater.sandbox.bitrix24.rest import answer

HOOK = "https://app.example/in"
DEALS = ("ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE")
DAY = 86_400


@pytest.fixture
def does(portal):
    """Asks as an application, by default for the admin who installed it; the whole answer."""
    portal.install_app()
    for feature in ("rest_offline_extended", "rest_auth_connector"):
        portal.set_feature(feature, on=True)
    portal.limits.rules.on = False

    def call(method, *, user_id=None, app="", **params):
        token = portal.grant(app, user_id).access_token
        sent = {"auth": token} | {name.removesuffix("_"): value for name, value in params.items()}
        read = orjson.loads(answer(portal, Request("", "", method, sent, client="10.0.0.2", path="/")).body)
        return read.get("result", read)

    return call


@pytest.fixture
def queued(does):
    """The same, with the events of deals bound offline."""
    for event in DEALS:
        assert does("event.bind", event=event, event_type="offline") is True
    return does


@pytest.fixture
def seller(portal):
    return portal.books.webhooks[1].user_id


def numbers(got):
    return [int(one["EVENT_DATA"]["FIELDS"]["ID"]) for one in got["events"]]


def read(message):
    return php.nest(parse_qsl(message.body.decode(), keep_blank_values=True))


def test_a_thousand_edits_of_a_deal_are_one_entry_with_the_last_time(portal, queued):
    for _ in range(1000):
        portal.change(3, {"TITLE": "x"})
    portal.clock.advance(60)
    queued("crm.deal.update", id=3, fields={"TITLE": "y"})
    portal.remove([3])
    rows = queued("event.offline.list")

    assert [(row["EVENT_NAME"], row["TIMESTAMP_X"][11:19]) for row in rows] == [
        ("ONCRMDEALUPDATE", "12:01:00"),
        ("ONCRMDEALDELETE", "12:01:00"),
    ]
    assert rows[0] == {
        "ID": "1", "TIMESTAMP_X": "2026-11-20T12:01:00+03:00", "EVENT_NAME": "ONCRMDEALUPDATE",
        "EVENT_DATA": {"FIELDS": {"ID": "3"}}, "EVENT_ADDITIONAL": {"user_id": "1"},
        "MESSAGE_ID": rows[0]["MESSAGE_ID"], "PROCESS_ID": "", "ERROR": "0",
    }  # fmt: skip


def test_what_is_read_without_saying_more_is_gone(portal, queued):
    portal.burst([3, 4])
    first, second = queued("event.offline.get"), queued("event.offline.get")

    assert first["process_id"] is None
    assert set(first["events"][0]) == {
        "ID", "TIMESTAMP_X", "EVENT_NAME", "EVENT_DATA", "EVENT_ADDITIONAL", "MESSAGE_ID",
    }  # fmt: skip
    assert numbers(first) == portal.store.ids(portal.deals, [3, 4])
    assert second == {"process_id": None, "events": []}
    assert queued("event.offline.list") == []


def test_what_was_reserved_is_read_again_after_a_crash(portal, queued):
    portal.insert(count=3)
    reserved = queued("event.offline.get", clear=0)
    somebody_else = queued("event.offline.get", clear=0)
    again = queued("event.offline.get", clear=0, process_id=reserved["process_id"])
    done = queued("event.offline.clear", process_id=reserved["process_id"])

    assert len(reserved["events"]) == 3
    assert somebody_else == {"process_id": None, "events": []}
    assert again == reserved
    assert done is True
    assert queued("event.offline.get", clear=0, process_id=reserved["process_id"])["events"] == []
    assert queued("event.offline.list") == []


def test_what_changes_while_it_is_reserved_comes_again(portal, queued):
    portal.change(3, {"TITLE": "x"})
    pack = queued("event.offline.get", clear=0)
    portal.change(3, {"TITLE": "y"})
    queued("event.offline.clear", process_id=pack["process_id"])
    late = queued("event.offline.get", clear=0)

    assert (numbers(pack), numbers(late)) == ([3], [3])
    assert late["events"][0]["MESSAGE_ID"] == pack["events"][0]["MESSAGE_ID"]
    assert late["events"][0]["ID"] != pack["events"][0]["ID"]


def test_parallel_getters_get_different_entries(portal, queued):
    made = portal.insert(count=170)
    packs = [queued("event.offline.get", clear=0) for _ in range(4)]
    wide = queued("event.offline.get", clear=0, limit=500)

    assert [len(pack["events"]) for pack in packs] == [50, 50, 50, 20]
    assert sorted(number for pack in packs for number in numbers(pack)) == made
    assert len({pack["process_id"] for pack in packs}) == 4
    assert wide["events"] == []


def test_a_part_of_a_pack_is_cleared_by_id_or_by_message(portal, queued):
    portal.insert(count=4)
    pack = queued("event.offline.get", clear=0)
    first, second, third, fourth = pack["events"]
    queued(
        "event.offline.clear",
        process_id=pack["process_id"],
        id=[first["ID"]],
        message_id=[fourth["MESSAGE_ID"]],
    )
    queued("event.offline.clear", process_id=pack["process_id"], message_id={"0": second["MESSAGE_ID"]})
    queued("event.offline.clear", process_id="another", id=[third["ID"]])
    queued("event.offline.clear", process_id=pack["process_id"], id=[])
    left = queued("event.offline.get", clear=0, process_id=pack["process_id"])

    assert left["events"] == [third, fourth]


def test_what_failed_is_parked_until_it_is_asked_for(portal, queued):
    portal.insert(count=2)
    pack = queued("event.offline.get", clear=0)
    bad, good = pack["events"]
    assert (
        queued("event.offline.error", process_id=pack["process_id"], message_id=[bad["MESSAGE_ID"]]) is True
    )
    queued("event.offline.clear", process_id=pack["process_id"])
    usual = queued("event.offline.get", clear=0)
    shown = queued("event.offline.list", filter={"ERROR": 1})
    parked = queued("event.offline.get", clear=0, error=1)
    queued("event.offline.clear", process_id=parked["process_id"])

    assert usual["events"] == []
    assert [(row["ID"], row["ERROR"]) for row in shown] == [(bad["ID"], "1")]
    assert parked["events"] == [bad]
    assert queued("event.offline.list") == []
    assert good["ID"] != bad["ID"]


def test_what_is_parked_does_not_swallow_a_new_change(portal, queued):
    portal.change(3, {"TITLE": "x"})
    pack = queued("event.offline.get", clear=0)
    queued("event.offline.error", process_id=pack["process_id"])
    portal.change(3, {"TITLE": "y"})

    assert numbers(queued("event.offline.get")) == [3]
    assert numbers(queued("event.offline.get", error=1)) == [3]


def test_a_reserved_pack_is_kept_for_thirty_days(portal, queued):
    portal.insert(count=1)
    waiting = queued("event.offline.get", clear=0)["process_id"]
    portal.clock.advance(30 * DAY - 1)
    portal.insert(count=1)
    kept = queued("event.offline.get", clear=0, process_id=waiting)["events"]
    portal.clock.advance(1)

    assert len(kept) == 1
    assert queued("event.offline.get", clear=0, process_id=waiting)["events"] == []
    assert len(queued("event.offline.list")) == 1


def test_reading_a_pack_again_without_clear_0_clears_it(portal, queued):
    portal.insert(count=2)
    pack = queued("event.offline.get", clear=0, limit=2)
    again = queued("event.offline.get", process_id=pack["process_id"])

    assert (len(again["events"]), again["process_id"]) == (2, None)
    assert queued("event.offline.list") == []


def test_filters_and_orders_choose(portal, queued):
    first, second, third = portal.insert(count=3)
    portal.clock.advance(10)
    portal.burst([second])
    ids = [row["ID"] for row in queued("event.offline.list", order={"ID": "DESC"})]
    by_name = queued("event.offline.list", filter={"=EVENT_NAME": "onCrmDealUpdate"})
    later = queued("event.offline.list", filter={">=TIMESTAMP_X": "2026-11-20T12:00:10+03:00"})
    among = queued("event.offline.list", filter={"@ID": ids[:2], "NOBODY": 1, "!ID": ids[0]})
    junk = queued("event.offline.list", filter={">TIMESTAMP_X": "never"})
    huge = queued("event.offline.list", filter={"<ID": "9" * 40})
    got = queued("event.offline.get", clear=0, limit=1, order={"TIMESTAMP_X": "DESC"}, filter={">ID": 1})

    assert ids == sorted(ids, key=int, reverse=True)
    assert [row["EVENT_DATA"]["FIELDS"]["ID"] for row in by_name] == [str(second)]
    assert later == by_name
    assert [row["ID"] for row in among] == [ids[1]]
    assert (junk, len(huge)) == ([], 4)
    assert got["events"][0]["EVENT_NAME"] == "ONCRMDEALUPDATE"
    assert (first, third) == (second - 1, second + 1)


def test_a_list_has_pages(portal, queued):
    portal.insert(count=120)
    token = portal.grant().access_token

    def page(start):
        sent = {"auth": token, "start": start}
        body = answer(portal, Request("", "", "event.offline.list", sent, client="c", path="/")).body
        return orjson.loads(body)

    assert [page(start).get("next") for start in (0, 50, 100)] == [50, 100, None]
    assert (page(0)["total"], len(page(100)["result"])) == (120, 20)


def test_it_all_works_in_a_batch(portal, queued):
    portal.insert(count=2)
    done = queued(
        "batch",
        cmd={
            "get": "event.offline.get?clear=0",
            "clear": "event.offline.clear?process_id=$result[get][process_id]&id[]=$result[get][events][0][ID]",
            "left": "event.offline.list",
            "bound": "event.get",
        },
    )

    assert done["result_error"] == []
    assert [row["ID"] for row in done["result"]["left"]] == [done["result"]["get"]["events"][1]["ID"]]
    assert [row["offline"] for row in done["result"]["bound"]] == [1, 1, 1]


def test_a_connector_does_not_hear_of_its_own_changes(portal, queued):
    for name in ("ours", "theirs"):
        queued("event.bind", event="ONCRMDEALUPDATE", event_type="offline", auth_connector=name)
    queued("crm.deal.update", id=3, fields={"TITLE": "x"}, auth_connector="ours")
    queued("batch", cmd=["crm.deal.update?id=4&fields[TITLE]=x"], auth_connector="ours")
    queued("batch", cmd=["crm.deal.update?id=6&fields[TITLE]=x&auth_connector=ours"])
    queued("crm.deal.update", id=7, fields={"TITLE": "x"})
    touched = portal.store.ids(portal.deals, [3, 4, 6, 7])
    heard = {
        name: numbers(queued("event.offline.get", **({"auth_connector": name} if name else {})))
        for name in ("ours", "theirs", "")
    }

    assert heard == {"ours": [7] if 7 in touched else [], "theirs": touched, "": touched}
    assert len(touched) > 2


def test_another_application_cannot_pass_for_the_connector(portal, queued, tell):
    queued("event.bind", event="ONCRMDEALUPDATE", event_type="offline", auth_connector="ours")
    other = portal.install_app()
    queued("crm.deal.update", app=other.client_id, id=3, fields={"TITLE": "x"}, auth_connector="ours")
    tell("crm.deal.update", {"id": 3, "fields": {"TITLE": "x"}, "auth_connector": "ours"})

    assert numbers(queued("event.offline.get", auth_connector="ours")) == [3]
    assert queued("event.offline.get", app=other.client_id)["events"] == []


def test_only_an_admin_binds_offline_events(does, seller):
    refused = does("event.bind", user_id=seller, event="ONCRMDEALADD", event_type="offline")

    assert refused == {
        "error": "ACCESS_DENIED",
        "error_description": "Access denied! Offline events binding requires administrator access rights",
    }
    assert does("event.get") == []


def test_offline_events_need_the_plan(portal, does):
    bind = {"event": "ONCRMDEALADD", "event_type": "offline"}
    portal.set_feature("rest_auth_connector", on=False)
    connector = does("event.bind", **bind, auth_connector="ours")
    plain = does("event.bind", **bind)
    portal.set_feature("rest_offline_extended", on=False)
    said = [does(method) for method in ("event.offline.get", "event.offline.list")]
    again = does("event.bind", event="ONCRMDEALUPDATE", event_type="offline")

    assert plain is True
    assert {one["error_description"] for one in (connector, again, *said)} == {
        "Available only on extended plans"
    }
    assert does("feature.get", CODE="rest_offline_extended") == {"value": "N"}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({}, "ERROR_ARGUMENT"),
        ({"event": "ONCRMDEALSOLD", "handler": HOOK}, "ERROR_EVENT_NOT_FOUND"),
        ({"event": ["ONCRMDEALADD"], "handler": HOOK}, "ERROR_ARGUMENT"),
        ({"event": "ONCRMDEALADD"}, "ERROR_ARGUMENT"),
        ({"event": "ONCRMDEALADD", "handler": "app.example"}, "ERROR_WRONG_HANDLER_URL"),
        ({"event": "ONCRMDEALADD", "handler": "javascript:1"}, "ERROR_WRONG_HANDLER_URL"),
        ({"event": "ONCRMDEALADD", "handler": HOOK, "event_type": "later"}, "ERROR_ARGUMENT"),
        ({"event": "ONCRMDEALADD", "handler": HOOK, "auth_type": 999_999}, "ERROR_ARGUMENT"),
        ({"event": "ONOFFLINEEVENT", "event_type": "offline"}, "ERROR_EVENT_NOT_FOUND"),
    ],
)
def test_what_cannot_be_bound_is_refused(portal, does, words, error):
    assert does("event.bind", **words)["error"] == error
    assert portal.books.handlers == []


@pytest.mark.parametrize("method", ["event.offline.clear", "event.offline.error"])
def test_a_process_must_be_named(queued, method):
    assert queued(method)["error_description"] == "Argument 'PROCESS_ID' is null or empty"


@pytest.mark.parametrize("limit", [0, -5, "many", [1]])
def test_a_limit_is_positive(queued, limit):
    assert queued("event.offline.get", limit=limit)["error"] == "ERROR_ARGUMENT"


def test_the_same_handler_is_bound_once(does):
    bind = {"event": "onCrmDealAdd", "handler": HOOK}
    first, second = does("event.bind", **bind), does("event.bind", **bind | {"event": "ONCRMDEALADD"})
    offline = [does("event.bind", event="ONCRMDEALADD", event_type="offline") for _ in range(2)]

    assert (first, offline[0]) == (True, True)
    assert {second["error"], offline[1]["error"]} == {"ERROR_HANDLER_ALREADY_EXIST"}
    assert does("event.get") == [
        {"event": "ONCRMDEALADD", "handler": HOOK, "auth_type": "0", "offline": 0},
        {"event": "ONCRMDEALADD", "handler": "", "auth_type": "0", "offline": 1},
    ]


def test_whoever_is_no_admin_binds_for_themselves(portal, does, seller):
    mine = does("event.bind", user_id=seller, event="ONCRMDEALUPDATE", handler=HOOK)
    refused = does("event.bind", user_id=seller, event="ONCRMDEALADD", handler=HOOK, auth_type=1)
    admins = does("event.bind", event="ONCRMDEALUPDATE", handler=HOOK)
    portal.change(3, {"TITLE": "x"})
    users = [read(message)["auth"]["user_id"] for message in portal.events.take()]

    assert (mine, admins) == (True, True)
    assert refused["error_description"] == (
        "Access denied! Event binding with AUTH_TYPE requires administrator access rights"
    )
    assert users == [str(seller), "1"]
    assert [row["auth_type"] for row in does("event.get", user_id=seller)] == [str(seller)]
    assert does("event.unbind", user_id=seller, event="ONCRMDEALUPDATE")["error"] == "ACCESS_DENIED"


def test_unbinding_counts_what_it_removes(portal, does):
    for url in (HOOK, f"{HOOK}/2"):
        does("event.bind", event="ONCRMDEALADD", handler=url)
        does("event.bind", event="ONCRMDEALADD", handler=url, auth_type=1)
    does("event.bind", event="ONCRMDEALADD", event_type="offline")

    assert does("event.unbind", event="oncrmdealadd", handler=HOOK, auth_type="") == {"count": 1}
    assert does("event.unbind", event="ONCRMDEALADD", handler=HOOK) == {"count": 1}
    assert does("event.unbind", event="ONCRMDEALADD") == {"count": 2}
    assert does("event.unbind", event="ONCRMDEALADD") == {"count": 0}
    assert does("event.unbind", event="ONCRMDEALADD", event_type="offline") == {"count": 1}
    assert portal.books.handlers == []


def test_events_are_listed_by_scope(portal, does):
    every = does("events")
    portal.change_app(scopes=["user"])
    basic, full = does("events"), does("events", FULL=True)

    assert {"ONAPPINSTALL", "ONOFFLINEEVENT", "ONCRMDEALMOVETOCATEGORY", "ONCRMDYNAMICITEMADD_177"} <= set(
        every
    )
    assert basic == ["ONAPPUNINSTALL", "ONAPPINSTALL", "ONAPPTEST", "ONOFFLINEEVENT"]
    assert full == every
    assert set(does("events", SCOPE="crm")) == set(every) - set(basic)
    assert does("events", SCOPE="disk") == []
    assert does("event.bind", event="ONCRMDEALADD", handler=HOOK)["error"] == "ERROR_EVENT_NOT_FOUND"


def test_a_test_event_brings_back_what_was_sent(portal, does):
    does("event.bind", event="ONAPPTEST", handler=HOOK)
    sent = does("event.test", any={"a": ["1", "2"]})
    [message] = portal.events.take()

    assert sent == 1
    assert (message.url, message.event) == (HOOK, "ONAPPTEST")
    assert read(message)["data"] == {"QUERY": {"any": {"a": {"0": "1", "1": "2"}}}, "LANGUAGE_ID": "ru"}


def test_a_move_to_another_pipeline_is_queued_as_that_alone(portal, queued):
    queued("event.bind", event="ONCRMDEALMOVETOCATEGORY", event_type="offline")
    portal.change(3, {"CATEGORY_ID": "5", "STAGE_ID": "C5:NEW"})
    got = queued("event.offline.get")

    assert [one["EVENT_NAME"] for one in got["events"]] == ["ONCRMDEALMOVETOCATEGORY"]
    assert got["events"][0]["EVENT_DATA"]["FIELDS"] == {"ID": "3", "CATEGORY_ID": "5", "STAGE_ID": "C5:NEW"}


def test_items_of_processes_with_the_same_number_are_different_objects(portal, does):
    for event in ("ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMADD_177"):
        does("event.bind", event=event, event_type="offline")
    portal.insert(count=2, entity="dynamic_177")
    got = does("event.offline.get")["events"]

    assert (
        sorted(one["EVENT_NAME"] for one in got)
        == ["ONCRMDYNAMICITEMADD"] * 2 + ["ONCRMDYNAMICITEMADD_177"] * 2
    )
    assert all(one["EVENT_DATA"]["FIELDS"]["ENTITY_TYPE_ID"] == "177" for one in got)


def test_the_doorbell_rings_and_then_pauses(portal, queued):
    bound = queued("event.bind", event="onOfflineEvent", handler=HOOK, options={"minTimeout": 5})
    rings = []
    for _ in range(3):
        portal.insert(count=20)
        rings.append(len(portal.events.take()))
    portal.clock.advance(5)
    last = portal.events.take()
    portal.clock.advance(60)
    said = read(last[0])

    assert bound is True
    assert (rings, len(last), portal.events.take()) == ([1, 0, 0], 1, [])
    assert last[0].event == "ONOFFLINEEVENT"
    assert "data" not in said
    assert {"access_token", "refresh_token"} <= set(said["auth"])


def test_a_doorbell_without_a_pause_rings_once_a_hit(portal, queued):
    queued("event.bind", event="ONOFFLINEEVENT", handler=HOOK, options={"minTimeout": "0"})
    rings = []
    for _ in range(2):
        queued("batch", cmd=["crm.deal.add?fields[TITLE]=a", "crm.deal.add?fields[TITLE]=b"])
        rings.append(len(portal.events.take()))

    assert rings == [1, 1]


def test_a_lost_ring_is_followed_by_the_next(portal, queued):
    queued("event.bind", event="ONOFFLINEEVENT", handler=HOOK, options={"minTimeout": 0})
    portal.add_fault({"kind": "event_lost", "method": "onofflineevent"})
    portal.insert(count=1)
    lost = portal.events.take()
    portal.insert(count=1)

    assert (lost, len(portal.events.take())) == ([], 1)
    assert len(queued("event.offline.get")["events"]) == 2


def test_nothing_reaches_an_application_before_it_is_installed(portal, queued):
    queued("event.bind", event="ONCRMDEALADD", handler=HOOK)
    portal.change_app(finished=False)
    portal.insert(count=1)
    portal.change_app(finished=True)
    made = portal.insert(count=1)

    assert numbers(queued("event.offline.get")) == made
    assert len(portal.events.take()) == 1
    assert queued("app.info")["INSTALLED"] is True


def test_uninstalling_empties_the_queue(portal, queued):
    portal.insert(count=3)
    portal.uninstall_app()
    again = portal.install_app()

    assert queued("event.offline.list", app=again.client_id) == []
    assert queued("event.get", app=again.client_id) == []


def test_a_webhook_has_no_queue(queued, tell):
    for method in ("event.bind", "event.offline.get", "event.offline.clear", "events", "event.get"):
        assert tell(method)["error"] == "WRONG_AUTH_TYPE"


def test_the_queue_survives_a_restart(tmp_path):
    options = Options(store=tmp_path / "portal.sqlite", deals=5, virtual=True)
    first = built(options)
    first.set_feature("rest_offline_extended", on=True)
    grant = first.install_app()

    def ask(portal, method, **params):
        sent = {"auth": grant.access_token} | params
        return orjson.loads(answer(portal, Request("", "", method, sent, client="c", path="/")).body)[
            "result"
        ]

    ask(first, "event.bind", event="ONCRMDEALADD", event_type="offline")
    first.insert(count=2)
    pack = ask(first, "event.offline.get", clear=0, limit=1)
    first.close()
    second = built(options)
    again = ask(second, "event.offline.get", clear=0, process_id=pack["process_id"])
    other = ask(second, "event.offline.get", clear=0)
    second.close()

    assert again == pack
    assert len(other["events"]) == 1
    assert other["events"] != pack["events"]
