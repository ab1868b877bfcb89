"""`headwater erase`, `erasure`, `access`, `tenant export | close | reopen | delete`, `disconnect`, `retention`."""

import json
import zipfile

import pytest

NAME, SURNAME, MAIL = "Ольга", "Ыкина-Ёлкина", "olga.y@example.com"


@pytest.fixture
async def known(connected, headwater):
    """A deal names a person."""
    deal = next(int(record["ID"]) for record in connected.portal.truth())
    connected.portal.change(deal, {"COMMENTS": f"Написать {NAME} {SURNAME}: {MAIL}, 8 912 765-43-21"})
    said = await headwater("sync", "--entity", "deals")
    assert said.code == 0, said.words
    return deal


async def test_a_person_is_counted_erased_certified_and_let_in_again(known, given, headwater):
    counted = await headwater("erase", "--email", MAIL, "--phone", "+7 912 765 43 21")
    held = given.holding(MAIL)
    erased = await headwater(
        "erase", "--email", MAIL.upper(), "--phone", "9127654321", "--yes", HEADWATER_LANGUAGE="ru"
    )
    left = given.holding(MAIL) + given.holding("765-43-21")
    listed = await headwater("erasure", "list")
    shown = await headwater("erasure", "show", "2", "--json")
    again = await headwater("erasure", "resume", "2")
    synced = await headwater("sync", "--full", "--entity", "deals")
    kept_out = given.holding(MAIL)
    lifted = await headwater("erasure", "lift", "2")
    await headwater("sync", "--full", "--entity", "deals")

    assert counted.code == 0
    assert "bitrix24.crm_deals: 1 rows name the person" in counted.words
    assert "bitrix24.crm_deals" in held
    assert erased.code == 0, erased.words
    assert "Удаление 2: после него человека искали и нигде не нашли" in erased.words
    assert "Не затронуто: сам портал" in erased.words
    assert left == []
    assert "2 erased the command line" in listed.words
    assert shown.json["certificate"]["left"] == []
    assert "sealed" not in shown.json
    assert again.code == 0
    assert (synced.code, kept_out) == (0, [])
    assert "is lifted" in lifted.words
    assert "bitrix24.crm_deals" in given.holding(MAIL)


async def test_what_names_nobody_and_what_is_not_there_is_told(given, headwater):
    nobody = await headwater("erase")
    wrong = await headwater("erase", "--email", "nobody", "--json")
    none = await headwater("erasure", "list")
    absent = await headwater("erasure", "show", "5")

    assert (nobody.code, "name the person" in nobody.words) == (3, True)
    assert (wrong.code, wrong.json["error"]) == (3, "NeedsPerson")
    assert "Nobody was erased yet" in none.words
    assert (absent.code, "there is no erasure 5" in absent.words) == (3, True)


async def test_something_of_the_person_left_is_told_by_the_exit_code(known, given, headwater):
    with given.as_admin() as admin:
        admin.execute("update headwater.tenants set title = %s", [f"ИП {NAME} {MAIL}"])

    said = await headwater("erase", "--email", MAIL, "--yes")

    assert said.code == 1
    assert "STILL FOUND in headwater.tenants" in said.words


async def test_everything_is_taken_along_and_who_did_it_is_shown(known, given, headwater, desk):
    made = await headwater("tenant", "export", "all.zip")
    twice = await headwater("tenant", "export", "all.zip")
    shown = await headwater("access", "list")
    told = await headwater("access", "list", "--json")

    assert made.code == 0, made.words
    assert (twice.code, "is there already" in twice.words) == (2, True)
    with zipfile.ZipFile(desk / "all.zip") as packed:
        assert json.loads(packed.read("manifest.json"))["tenant"] == "main"
    assert (desk / "all.zip").stat().st_mode & 0o077 == 0
    assert "the command line export" in shown.words
    assert [one["action"] for one in told.json] == ["export"]


async def test_a_connection_is_given_up_and_brought_back(known, connected, given, headwater):
    said = await headwater("disconnect", "bitrix24")
    synced = await headwater("sync")
    asked = await headwater("disconnect", "bitrix24", "--delete-data")
    emptied = await headwater("disconnect", "bitrix24", "--delete-data", "--yes", "--json")
    rotated = await headwater("secret", "rotate")
    back = await headwater("connect", "bitrix24", connected.webhook)

    assert (said.code, "its credentials are erased" in said.words) == (0, True)
    assert (synced.code, "is disconnected: connect it again" in synced.words) == (3, True)
    assert asked.code == 2
    assert emptied.json["deleted"]["public.crm_deals"] > 0
    assert rotated.code == 0, rotated.words
    assert back.code == 0, back.words
    assert (await headwater("sync", "--entity", "deals")).code == 0


async def test_an_account_is_closed_reopened_and_deleted(known, given, headwater):
    unasked = await headwater("tenant", "close")
    closed = await headwater("tenant", "close", "--yes")
    reopened = await headwater("tenant", "reopen", "--json")
    deleted = await headwater("tenant", "delete", "--yes", HEADWATER_ADMIN_DATABASE_URL=given.url("postgres"))

    assert unasked.code == 2
    assert "All of it is deleted on" in closed.words
    assert reopened.json == {"tenant": "main", "closed": False}
    assert deleted.code == 0, deleted.words
    assert "main is deleted" in deleted.words
    with given.as_admin() as admin:
        assert admin.execute("select count(*) from crm_deals").fetchone() == (0,)
        assert admin.execute("select count(*) from headwater.tenants").fetchone() == (0,)


async def test_how_long_what_is_kept_is_shown_and_changed(given, headwater):
    before = await headwater("retention", "--json")
    changed = await headwater("retention", "gone", "365", "--json", HEADWATER_KEEP_DAYS='{"access": 700}')
    shown = await headwater("retention", HEADWATER_LANGUAGE="ru")
    forever = await headwater("retention", "logs", "forever", "--json")
    back = await headwater("retention", "gone", "default", "--json")
    wrong = [
        await headwater("retention", *words)
        for words in (("colour", "5"), ("gone", "soon"), ("gone", "0"), ("gone", "99999"))
    ]

    def days(said):
        return {one["what"]: one["days"] for one in said.json}

    assert (days(before)["gone"], days(before)["logs"]) == (None, 90)
    assert (days(changed)["gone"], days(changed)["access"]) == (365, 700)
    assert "gone: исчезнувшие записи 365" in shown.words
    assert days(forever)["logs"] is None
    assert days(back)["gone"] is None
    assert [said.code for said in wrong] == [3] * 4
    assert (await headwater("retention", "gone")).code == 2
