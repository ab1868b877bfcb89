import json

from headwater.sandbox.bitrix24 import Accounting, php


def test_a_reference_takes_a_value_from_an_earlier_command(tell):
    given = tell(
        "batch",
        {"cmd": {"d": "crm.deal.list?order[ID]=ASC&start=-1", "g": "crm.deal.get?id=$result[d][3][ID]"}},
    )["result"]["result"]

    assert given["g"] == given["d"][3]


def test_a_reference_may_be_url_encoded(tell):
    page = "crm.deal.list?order%5BID%5D=ASC&select%5B%5D=ID&start=-1"
    chain = {
        "1": f"{page}",
        "2": f"{page}&filter%5B%3EID%5D=%24result%5B1%5D%5B49%5D%5BID%5D",
    }
    given = tell("batch", {"cmd": chain})["result"]["result"]

    assert int(given["2"][0]["ID"]) > int(given["1"][49]["ID"])
    assert len(given["2"]) == 50


def test_a_reference_reaches_into_wrapped_lists(tell):
    chain = {
        "a": "crm.item.list?entityTypeId=2&order[id]=ASC&start=-1",
        "b": "crm.item.list?entityTypeId=2&order[id]=ASC&start=-1&filter[>id]=$result[a][items][49][id]",
    }
    given = tell("batch", {"cmd": chain})["result"]["result"]

    assert given["b"]["items"][0]["id"] > given["a"]["items"][49]["id"]


def test_an_unresolved_reference_is_no_condition(tell):
    chain = {
        "1": "crm.deal.list?order[ID]=ASC&select[]=ID&filter[>ID]=999999",
        "2": "crm.deal.list?order[ID]=ASC&select[]=ID&filter[>ID]=$result[1][49][ID]",
    }
    given = tell("batch", {"cmd": chain})["result"]["result"]

    assert (given["1"], len(given["2"]), given["2"][0]["ID"]) == ([], 50, "1")


def test_halt_stops_at_the_first_error(tell):
    cmd = {"a": "profile", "b": "crm.deal.get?id=0", "c": "profile"}

    halted = tell("batch", {"halt": 1, "cmd": cmd})["result"]
    whole = tell("batch", {"halt": 0, "cmd": cmd})["result"]
    assert (list(halted["result"]), list(halted["result_error"])) == (["a"], ["b"])
    assert (list(whole["result"]), list(whole["result_error"])) == (["a", "c"], ["b"])


def test_commands_above_fifty_are_refused_one_by_one(tell):
    given = tell("batch", {"cmd": {f"k{at}": "server.time" for at in range(52)}})["result"]

    assert len(given["result"]) == 50
    assert {error["error"] for error in given["result_error"].values()} == {"ERROR_BATCH_LENGTH_EXCEEDED"}
    assert list(given["result_error"]) == ["k50", "k51"]


def test_a_batch_in_a_batch_is_refused(tell):
    given = tell("batch", {"cmd": {"b": "batch?cmd[x]=profile"}})["result"]["result_error"]["b"]

    assert given["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_lists_report_total_and_next(tell):
    given = tell("batch", {"cmd": {"l": "crm.deal.list", "p": "profile"}})["result"]

    assert (given["result_total"], given["result_next"]) == ({"l": 160}, {"l": 50})
    assert set(given["result_time"]) == {"l", "p"}


def test_a_missing_scope_is_an_error_of_the_command(ask):
    given = ask("batch", {"cmd": {"d": "crm.deal.list", "p": "profile"}}, code="noscope")

    read = json.loads(given.body)["result"]
    assert given.status == 200
    assert read["result_error"]["d"]["error"] == "insufficient_scope"
    assert read["result"]["p"]["ID"] == "1"


def test_a_worn_out_method_is_an_error_of_the_command(ask, portal):
    portal.limits.charge("1/admin", "crm.deal.list", 481)
    given = ask("batch", {"cmd": {"d": "crm.deal.list", "p": "profile"}})

    read = json.loads(given.body)["result"]
    assert given.status == 200
    assert read["result_error"]["d"]["error"] == "OPERATION_TIME_LIMIT"
    assert list(read["result"]) == ["p"]


def test_in_batch_accounting_the_batch_pays_and_shows_one_frozen_number(tell, ask, portal):
    portal.limits.rules.accounting = Accounting.BATCH
    cmd = {f"k{at}": "crm.deal.list?start=-1" for at in range(10)}
    tell("batch", {"cmd": cmd})

    second = tell("batch", {"cmd": cmd})
    shown = {took["operating"] for took in second["result"]["result_time"].values()}
    assert len(shown) == 1
    assert second["time"]["operating"] > shown.pop() > 1
    assert portal.limits.operating("1/admin", "crm.deal.list") == 0
    portal.limits.charge("1/admin", "batch", 480)
    assert ask("batch", {"cmd": cmd}).status == 429


def test_a_batch_that_takes_a_minute_is_cut_off(ask, portal):
    portal.limits.rules.count_row_seconds = 0.01
    given = ask("batch", {"cmd": [f"crm.deal.list?start={50 * (at % 3)}" for at in range(50)]})

    assert (given.status, given.content_type) == (504, "text/html")


def test_the_commands_may_come_as_a_form(tell):
    params = php.query("halt=0&cmd%5Bd%5D=crm.deal.list%3Fselect%255B%255D%3DID%26start%3D-1")

    assert len(tell("batch", params)["result"]["result"]["d"]) == 50
