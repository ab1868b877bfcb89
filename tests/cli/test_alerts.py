"""`headwater alerts` and `headwater status`: what is wrong, who was told, and whether telling works."""

import asyncio

import pytest
import structlog

from headwater.cli.keeping import worker_missed
from headwater.core.settings import Settings
from headwater.wiring import alerting, house

WRONG = """
    insert into headwater.alerts (tenant_id, connection_id, kind, facts, since, seen_at, opened_at, closed_at)
    select tenant_id, id, kind, jsonb_build_object('name', slug, 'entities', 'deals', 'minutes', 40, 'hours', 90),
           now(), now(), now(), case when kind = 'quiet' then now() end
      from headwater.connections, (values ('late'), ('quiet')) as made (kind)
"""
WORKER_MISSED = "select from headwater.alerts where kind = 'worker'"


@pytest.fixture
def settings(filled, given, home) -> Settings:
    """Those of a house beside the commands, whose streams are closed by now: its log has its own."""
    structlog.reset_defaults()
    return Settings(home=home, database_url=given.url(), alert_after_minutes=0)


@pytest.fixture
def wrong(filled, given):
    """An alert that is open, with a letter that did not arrive, and one that is over."""
    with given.as_admin() as admin:
        admin.execute(WRONG)
        admin.execute(
            "insert into headwater.letters (alert_id, channel, what, facts, made_at, due_at, tries, error) "
            "select id, 'telegram', 'opened', '{}', now(), now(), 2, 'no such chat' from headwater.alerts "
            " where kind = 'late'"
        )


async def test_what_is_wrong_is_listed_with_what_helps_and_who_was_told(wrong, headwater):
    said = await headwater("alerts", "list")
    russian = await headwater("alerts", "list", HEADWATER_LANGUAGE="ru")

    assert said.code == 0
    assert "bitrix24: data is older than promised: deals (40 minutes)" in said.words
    assert "→ Look whether workers live" in said.words
    assert "telegram, trouble: not sent yet (tries: 2)" in said.words
    assert "no such chat" in said.words
    assert "hours" not in said.words
    assert "данные старше обещанного" in russian.words


async def test_what_is_over_is_listed_when_it_is_asked_for(wrong, headwater):
    found = (await headwater("alerts", "list", "--all", "--json")).json

    assert [(one["kind"], one["closed_at"] is None) for one in found] == [("late", True), ("quiet", False)]
    assert found[0]["told"][0]["error"] == "no such chat"
    assert found[0]["text"].startswith("bitrix24: ")


async def test_where_nothing_is_wrong_that_is_said(filled, headwater):
    assert (await headwater("alerts", "list")).out == "Nothing is wrong.\n"


async def test_without_a_channel_a_test_says_what_to_set(given, headwater):
    said = await headwater("alerts", "test")

    assert said.code == 3
    assert "HEADWATER_ALERT_MAIL_URL" in said.words


async def test_a_test_says_what_happened(given, headwater):
    said = await headwater(
        "alerts", "test", HEADWATER_ALERT_MAIL_URL="smtp://127.0.0.1:9", HEADWATER_ALERT_MAIL_TO="ops@example.com",
        HEADWATER_ALERT_MAIL_FROM="hw@example.com",
    )  # fmt: skip

    assert said.code == 3
    assert "mail: not sent: the mail server 127.0.0.1:9 does not answer" in said.words


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"HEADWATER_ALERT_MAIL_URL": "mail"}, "HEADWATER_ALERT_MAIL_URL"),
        ({"HEADWATER_ALERT_MAIL_URL": "smtp://u@h"}, "HEADWATER_ALERT_MAIL_TO"),
        ({"HEADWATER_ALERT_TELEGRAM_TOKEN": "123:abcdefghijkl"}, "HEADWATER_ALERT_TELEGRAM_CHAT"),
        ({"HEADWATER_ALERT_WEBHOOK_URL": "http://example.com"}, "HEADWATER_ALERT_WEBHOOK_URL"),
        ({"HEADWATER_ALERT_WEBHOOK_SECRET": "short"}, "HEADWATER_ALERT_WEBHOOK_SECRET"),
    ],
)
async def test_a_setting_that_cannot_be_used_is_named(given, headwater, settings, named):
    said = await headwater("alerts", "test", **settings)

    assert said.code == 3
    assert named in said.words


async def test_status_says_what_is_wrong_beside_what_fails(filled, given, headwater):
    with given.as_admin() as admin:
        admin.execute("update headwater.sync_state set last_modified_date = now() - interval '3 hours'")

    said = await headwater("status")

    assert "bitrix24: data is older than promised: activities, calls, " in said.words


async def test_a_look_at_a_real_house_opens_an_alert_and_the_next_tells_it(settings, given):
    with given.as_admin() as admin:
        admin.execute("update headwater.sync_state set last_modified_date = now() - interval '3 hours'")
    async with house(settings) as opened:
        await alerting(opened).look()

    with given.as_admin() as admin:
        found = admin.execute(
            "select kind from headwater.alerts where opened_at is not null order by kind"
        ).fetchall()
    assert found == [("late",), ("worker",)]


async def test_that_nobody_works_is_told_by_the_service_itself(settings, given):
    async with house(settings) as opened:
        telling = asyncio.create_task(worker_missed(opened, every_seconds=0.01))
        with given.as_admin() as admin:
            while not admin.execute(WORKER_MISSED).rowcount:
                assert not telling.done(), telling
                await asyncio.sleep(0.01)
        telling.cancel()
        await asyncio.wait([telling])
