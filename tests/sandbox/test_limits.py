import json

from headwater.sandbox.bitrix24 import Plan, Shown


def test_the_51st_request_of_a_burst_is_refused_and_two_a_second_pass_after(ask, portal):
    burst = [ask("profile").status for _ in range(51)]
    portal.clock.advance(1)
    after = [ask("profile").status for _ in range(3)]

    assert burst == [200] * 50 + [503]
    assert after == [200, 200, 503]


def test_an_enterprise_portal_takes_250(ask, portal):
    portal.limits.rules.plan = Plan.ENTERPRISE
    burst = [ask("profile").status for _ in range(251)]
    portal.clock.advance(1)

    assert burst == [200] * 250 + [503]
    assert [ask("profile").status for _ in range(6)] == [200] * 5 + [503]


def test_another_address_has_a_bucket_of_its_own(ask):
    for _ in range(50):
        ask("profile")

    assert ask("profile", client="10.0.0.1").status == 503
    assert ask("profile", client="10.0.0.2").status == 200


def test_a_batch_counts_once(ask):
    for _ in range(49):
        ask("profile")

    assert ask("batch", {"cmd": ["profile"] * 50}).status == 200
    assert ask("profile").status == 503


def test_refused_requests_may_count_too(ask, portal):
    portal.limits.rules.count_refused = True
    for _ in range(60):
        ask("profile")
    portal.clock.advance(4)

    assert ask("profile").status == 503


def test_a_method_worn_out_is_freed_when_its_oldest_minute_drops_out(ask, tell, portal):
    portal.limits.charge("1/admin", "crm.deal.list", 300)
    portal.clock.advance(90)
    portal.limits.charge("1/admin", "crm.deal.list", 181)
    blocked = ask("crm.deal.list")
    resets_at = tell("profile")["time"]["operating_reset_at"]

    assert blocked.status == 429
    assert json.loads(blocked.body)["error"] == "OPERATION_TIME_LIMIT"
    assert ask("crm.deal.get", {"id": 1}).status == 200
    assert ask("crm.deal.list", code="seller").status == 200
    assert resets_at == int(portal.clock.time()) + 600
    portal.clock.advance(509)
    assert ask("crm.deal.list").status == 429
    portal.clock.advance(1)
    assert ask("crm.deal.list").status == 200


def test_the_call_that_crosses_the_line_completes(ask, portal):
    portal.limits.charge("1/admin", "crm.deal.list", 480)

    assert [ask("crm.deal.list").status for _ in range(2)] == [200, 429]


def test_short_calls_cost_nothing(tell):
    for _ in range(10):
        narrow = tell("crm.deal.list", {"select": ["ID"], "start": -1})

    wide = tell("crm.deal.list", {"start": -1})
    assert narrow["time"]["operating"] == 0
    assert wide["time"]["operating"] == wide["time"]["duration"] > 0.1


def test_a_portal_may_keep_its_counters_to_itself(tell, portal):
    portal.limits.rules.shown = Shown.NONE
    nothing = tell("profile")["time"]
    portal.limits.rules.shown = Shown.OPERATING

    assert "operating" not in nothing
    assert {"operating", "operating_reset_at"} & set(tell("profile")["time"]) == {"operating"}


def test_limits_can_be_switched_off(ask, portal):
    portal.limits.rules.on = False
    portal.limits.charge("1/admin", "profile", 10_000)

    assert {ask("profile").status for _ in range(300)} == {200}


def test_skew_moves_what_the_portal_shows_but_not_its_limits(tell, ask, portal):
    for _ in range(50):
        ask("profile")
    portal.clock.skew = -3600

    assert ask("profile").status == 503
    portal.clock.advance(1)
    assert tell("server.time")["result"] == "2026-11-20T11:00:01+03:00"
