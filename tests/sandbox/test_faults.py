import json

import orjson
import pytest

from headwater.sandbox.bitrix24 import Fault, Kind


def strike(portal, kind, **words):
    portal.add_fault(Fault(kind, **words))


@pytest.mark.parametrize(
    ("kind", "words", "status", "code"),
    [
        (Kind.QUERY_LIMIT, {}, 503, "QUERY_LIMIT_EXCEEDED"),
        (Kind.OVERLOAD, {}, 503, "OVERLOAD_LIMIT"),
        (Kind.DELETED, {}, 410, "PORTAL_DELETED"),
        (Kind.UNPAID, {}, 403, "ACCESS_DENIED"),
        (Kind.OPERATION_LIMIT, {}, 429, "OPERATION_TIME_LIMIT"),
        (Kind.SCOPE, {}, 403, "insufficient_scope"),
        (Kind.ERROR, {"code": "ERROR_CORE", "description": "bad"}, 400, "ERROR_CORE"),
    ],
)
def test_a_refusal_strikes_once(ask, portal, kind, words, status, code):
    strike(portal, kind, **words)
    given = ask("crm.deal.list")

    assert (given.status, json.loads(given.body)["error"]) == (status, code)
    assert ask("crm.deal.list").status == 200


@pytest.mark.parametrize("status", [403, 404, 500, 502, 503, 504])
def test_html_pages(ask, portal, status):
    strike(portal, Kind.HTML, status=status)
    given = ask("batch", {"cmd": ["profile"]})

    assert (given.status, given.content_type, given.body[:6]) == (status, "text/html", b"<html>")


def test_an_html_page_with_status_200(ask, portal):
    strike(portal, Kind.HTML_200)
    given = ask("profile")

    assert (given.status, given.content_type) == (200, "text/html")


def test_a_cut_answer_is_no_json(ask, portal):
    strike(portal, Kind.CUT)

    with pytest.raises(json.JSONDecodeError):
        json.loads(ask("crm.deal.list").body)


def test_a_moved_portal_points_to_its_new_host(ask, portal):
    strike(portal, Kind.MOVED, to="new.bitrix24.ru")
    given = ask("profile")

    assert (given.status, given.headers["location"]) == (302, "https://new.bitrix24.ru/rest/1/admin/profile")


def test_a_slow_answer_waits(ask, portal):
    strike(portal, Kind.SLOW, seconds=7)

    assert [ask("profile").wait_seconds for _ in range(2)] == [7, 0]


def test_a_dropped_request_did_nothing_but_one_dropped_after_did(ask, portal):
    strike(portal, Kind.DROP, method="crm.deal.add")
    before = ask("crm.deal.add", {"fields": {"TITLE": "x"}})
    count = portal.store.count(portal.deals)
    strike(portal, Kind.DROP_AFTER, method="crm.deal.add")
    after = ask("crm.deal.add", {"fields": {"TITLE": "x"}})

    assert before.dropped
    assert after.dropped
    assert (count, portal.store.count(portal.deals)) == (160, 161)


def test_one_command_of_a_batch_fails(tell, portal):
    strike(portal, Kind.OPERATION_LIMIT, method="crm.deal.*", key="b")
    given = tell("batch", {"cmd": {"a": "crm.deal.list", "b": "crm.deal.list", "c": "profile"}})["result"]

    assert list(given["result"]) == ["a", "c"]
    assert given["result_error"]["b"]["error"] == "OPERATION_TIME_LIMIT"


def test_a_key_is_missing_from_a_batch(tell, portal):
    strike(portal, Kind.MISSING_KEY, key="b")
    given = tell("batch", {"cmd": {"a": "profile", "b": "profile"}})["result"]

    assert (list(given["result"]), given["result_error"]) == (["a"], [])


def test_a_row_comes_twice(tell, portal):
    strike(portal, Kind.DUPLICATE_ROW)
    ids = [row["ID"] for row in tell("crm.deal.list")["result"]]

    assert (len(ids), len(set(ids))) == (51, 50)


def test_a_row_has_no_id(tell, portal):
    strike(portal, Kind.NO_ID)

    assert sum("ID" not in row for row in tell("crm.deal.list")["result"]) == 1


def test_a_value_is_no_utf8(ask, portal):
    strike(portal, Kind.BAD_UTF8, field="TITLE")

    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(ask("crm.deal.list").body)


def test_a_value_is_huge(tell, portal):
    strike(portal, Kind.HUGE_VALUE, field="COMMENTS", size=100_000)

    assert max(len(row["COMMENTS"] or "") for row in tell("crm.deal.list")["result"]) == 100_000


def test_faults_of_rows_leave_the_records_alone(ask, portal):
    before = list(portal.truth())
    for kind in (Kind.NO_ID, Kind.DUPLICATE_ROW, Kind.HUGE_VALUE, Kind.BAD_UTF8):
        strike(portal, kind)
        ask("crm.deal.list")

    assert list(portal.truth()) == before


def test_a_fault_lets_some_pass_and_strikes_so_many_times(ask, portal):
    strike(portal, Kind.HTML, skip=2, count=2)

    assert [ask("profile").status for _ in range(6)] == [200, 200, 502, 502, 200, 200]


def test_a_fault_with_a_probability_strikes_by_its_seed(portal, ask):
    strike(portal, Kind.QUERY_LIMIT, probability=0.3, count=None)
    portal.limits.rules.on = False
    struck = [ask("profile").status == 503 for _ in range(200)]

    assert 30 < sum(struck) < 90
    assert portal.faults.struck == {"query_limit": sum(struck)}


def test_an_unknown_fault_is_refused_with_the_known_words(portal):
    with pytest.raises(ValueError, match="kind, method, key"):
        portal.add_fault({"kind": "slow", "often": True})
