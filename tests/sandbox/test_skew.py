"""A wrong clock shows wherever the portal shows time."""

from urllib.parse import parse_qs


def test_a_skewed_clock_dates_changes_answers_and_events(portal, tell):
    portal.add_handler("https://hooks.example/")
    portal.clock.skew = -240
    given = tell("crm.deal.update", {"id": 3, "fields": {"TITLE": "x"}})
    [message] = portal.events.take()

    shown = "2026-11-20T11:56:00+03:00"
    assert portal.get(3)["DATE_MODIFY"] == shown
    assert given["time"]["date_start"] == tell("server.time")["result"] == shown
    assert given["time"]["start"] == 1795165200 - 240
    assert given["time"]["operating_reset_at"] == 1795165200 - 240 + 600
    assert parse_qs(message.body.decode())["ts"] == [str(1795165200 - 240)]


def test_commands_of_a_batch_show_the_skew_too(portal, tell):
    portal.clock.skew = 240
    times = tell("batch", {"cmd": {"a": "crm.deal.list"}})["result"]["result_time"]["a"]

    assert times["date_start"] == "2026-11-20T12:04:00+03:00"


async def test_the_control_door_skews_changes(door, portal):
    async with door() as (control, _):
        await control.skew(3600)
        [number] = await control.insert()

    assert portal.get(number)["DATE_CREATE"] == "2026-11-20T13:00:00+03:00"
