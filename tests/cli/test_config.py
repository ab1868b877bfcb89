"""`headwater config`, `pause` and `resume`: settings that workers heed at once, and what the status says."""


async def test_an_interval_is_changed_shown_and_everything_else_stays(filled, headwater):
    before = {one["entity"]: one for one in (await headwater("config", "--json")).json}
    said = await headwater("config", "--entity", "deal", "--interval", "5")
    after = {one["entity"]: one for one in (await headwater("config", "--json")).json}

    assert said.code == 0
    assert "bitrix24 deals on 5 on" in said.words
    assert (before["deals"]["interval_minutes"], after["deals"]["interval_minutes"]) == (15, 5)
    assert {k: v for k, v in after.items() if k != "deals"} == {
        k: v for k, v in before.items() if k != "deals"
    }


async def test_an_entity_is_switched_off_and_on_again(filled, headwater):
    off = (await headwater("config", "--entity", "deals", "--off", "--no-events", "--json")).json
    synced = await headwater("sync", "--json")
    on = (await headwater("config", "--entity", "deals", "--on", "--events", "--json")).json

    assert [(one["enabled"], one["webhook_enabled"]) for one in (*off, *on)] == [(False, False), (True, True)]
    assert "deals" not in {one["entity"] for one in synced.json}


async def test_what_cannot_be_set_is_said_in_words(connected, headwater):
    early = await headwater("config", "--entity", "deals", "--interval", "5")
    nothing = await headwater("config")
    half = await headwater("config", "--entity", "deals")
    none = await headwater("config", "--interval", "5")
    long = await headwater("config", "--entity", "deals", "--interval", "1441")

    assert (early.code, "never synced" in early.words) == (3, True)
    assert "nothing is set before its first sync" in nothing.words
    assert {half.code, none.code, long.code} == {2}


async def test_an_unknown_entity_is_refused_with_those_there_are(filled, headwater):
    said = await headwater("config", "--entity", "dragons", "--interval", "5")

    assert said.code == 3
    assert "deals" in said.words


async def test_a_connection_is_paused_with_a_reason_and_goes_on(filled, headwater, given):
    paused = await headwater("pause", "--reason", "holidays")
    status = await headwater("status")
    resumed = await headwater("resume")
    with given.as_admin() as admin:
        jobs = {kind for (kind,) in admin.execute("select kind from headwater.jobs where due_at <= now()")}

    assert (paused.code, resumed.code) == (0, 0)
    assert "bitrix24 is paused since" in status.words
    assert "holidays" in status.words
    assert {"sync", "drain", "sets"} <= jobs
    assert "is paused" not in (await headwater("status")).words


async def test_what_fails_is_told_since_when_and_why_and_once(filled, headwater, given):
    with given.as_admin() as admin:
        admin.execute(
            "update headwater.jobs set error = 'the portal is down', failing_since = '2026-11-20 10:00+00', "
            "tries = 7, held_until = '2026-11-20 10:30+00' where kind = 'sync'"
        )
        admin.execute(
            "update headwater.sync_state set status = 'error', error_message = 'the portal is down'"
        )
    status = await headwater("status")
    russian = await headwater("status", HEADWATER_LANGUAGE="ru")

    assert "bitrix24: syncing has failed since 2026-11-20" in status.words
    assert status.words.count("the portal is down") == 2, "once for the work, once for all its entities"
    assert "синхронизация: не удаётся с 2026-11-20" in russian.words
