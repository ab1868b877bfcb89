"""Settings from the environment: named when wrong, obeyed when right."""

import stat
from pathlib import Path

import pytest

from headwater.warehouse import connections
from headwater.warehouse.pool import Warehouse


def names_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("HEADWATER_SHARE", "7", "less than or equal to 1"),
        ("HEADWATER_SHARE", "half", "valid number"),
        ("HEADWATER_DATABASE_POOL_SIZE", "0", "greater than or equal to 1"),
        ("HEADWATER_DEBUG", "perhaps", "valid boolean"),
        ("HEADWATER_CORS_ORIGINS", "*", "there is no way to mean all of them"),
        ("HEADWATER_CORS_ORIGINS", "https://a.example, null", "write scheme and host exactly"),
        ("HEADWATER_CORS_ORIGINS", "https://a.example/", "without a path"),
        ("HEADWATER_CORS_ORIGINS", "https://*.example", "write scheme and host exactly"),
        ("HEADWATER_TRUSTED_PROXIES", "proxy", "write 10.0.0.7 or 10.0.0.0/24"),
        ("HEADWATER_TRUSTED_PROXIES", "0.0.0.0/0", "is everybody"),
        ("HEADWATER_KEY_REQUESTS_PER_MINUTE", "many", "valid integer"),
        ("HEADWATER_APP_NAME", "<b>", "should match pattern"),
        ("HEADWATER_ENVIRONMENT", "a b", "should match pattern"),
        ("HEADWATER_BITRIX24_WEBHOOK_URL_FILE", "/nowhere", "there is no file"),
        ("HEADWATER_SECRETS_DIR", "/nowhere", "there is no folder"),
    ],
)
async def test_a_wrong_setting_names_itself(given, headwater, name, value, advice):
    said = await headwater("status", **{name: value})
    as_json = await headwater("status", "--json", **{name: value})

    assert said.code == as_json.json["exit_code"] == 3
    assert f"{name}: " in said.words
    assert advice in as_json.json["message"]


async def test_all_wrong_settings_are_named_at_once_with_what_they_are_for_and_without_what_they_are(
    own, headwater
):
    said = await headwater("status", HEADWATER_SHARE="s3cret", HEADWATER_PORT="p4ssword")

    assert said.code == 3
    assert "HEADWATER_SHARE: " in said.words
    assert "HEADWATER_PORT: " in said.words
    assert "How much of a portal's request limit we use" in said.words
    assert not [word for word in ("s3cret", "p4ssword", "Traceback") if word in said.words]


async def test_an_address_with_a_slip_in_it_is_named_and_its_password_is_not_shown(own, headwater):
    said = await headwater("status", HEADWATER_DATABASE_URL="postgresql://hw_app:s3cr%et@db.example.com/crm")

    assert said.code == 3
    assert "HEADWATER_DATABASE_URL is not a database address" in said.words
    assert not [word for word in ("s3cr", "Traceback") if word in said.words]


async def test_what_is_empty_is_not_given(given, headwater):
    assert (await headwater("key", "list", HEADWATER_SHARE="", HEADWATER_BITRIX24_WEBHOOK_URL="")).code == 0


async def test_secrets_may_stand_in_files(own, newest_database, headwater, desk):
    (desk / "headwater_database_url").write_text(f"{newest_database.url()}\n")
    (desk / "elsewhere").write_text(newest_database.url())

    by_folder = await headwater("key", "list", HEADWATER_SECRETS_DIR=str(desk))
    by_name = await headwater("key", "list", HEADWATER_DATABASE_URL_FILE=str(desk / "elsewhere"))
    twice = await headwater(
        "key", "list", HEADWATER_DATABASE_URL="x", HEADWATER_DATABASE_URL_FILE=str(desk / "elsewhere")
    )

    assert (by_folder.code, by_name.code, twice.code) == (0, 0, 3)
    assert "are both given: take one of them away" in twice.words


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"\xff\xfe\x00", "no text in UTF-8"), (b"x" * 70_000, "has more than")]
)
async def test_a_secret_file_that_is_none_is_named(own, headwater, desk, content, complaint):
    (desk / "headwater_database_url").write_bytes(content)

    said = await headwater("status", HEADWATER_SECRETS_DIR=str(desk))

    assert said.code == 3
    assert str(desk / "headwater_database_url") in said.words
    assert complaint in said.words


async def test_a_name_that_is_no_setting_is_found_by_the_doctor(given, headwater):
    said = await headwater("doctor", HEADWATER_DATABSE_URL="x", HEADWATER_DATABASE_URL_FILE="")

    assert said.code == 3
    assert "unknown: HEADWATER_DATABSE_URL" in said.words


async def test_an_address_that_is_no_database_is_refused(given, headwater):
    said = await headwater("status", HEADWATER_DATABASE_URL=given.url("postgres"))

    assert said.code == 3
    assert "it must be hw_app" in said.words


async def test_a_webhook_in_the_environment_needs_no_connect(rehearsal, given, headwater):
    named = {"HEADWATER_BITRIX24_WEBHOOK_URL": rehearsal.webhook, "HEADWATER_SHARE": "1"}

    synced = await headwater("sync", "--json", **named)
    status = await headwater("status", "--json")

    assert synced.code == 0
    assert (synced.deals["connection"], synced.deals["created"]) == ("bitrix24", 60)
    assert {standing["portal"] for standing in status.json} == {rehearsal.host}


async def test_settings_may_stand_in_a_file_beside_the_process(filled, headwater, desk):
    (desk / ".env").write_text("HEADWATER_SHARE=7\n")

    assert "HEADWATER_SHARE" in (await headwater("status")).words


@pytest.mark.parametrize("words", [["sync"], ["status"], ["failed", "list"], ["connect", "bitrix24", "x"]])
async def test_of_several_tenants_one_must_be_named(filled, given, headwater, words):
    async with Warehouse(given.url(), size=1) as warehouse:
        await connections.put_tenant(warehouse, "second", "Second")

    unnamed = await headwater(*words)
    named = await headwater("sync", "--tenant", "main", "--json")
    nobody = await headwater("status", "--tenant", "third")

    assert unnamed.code == nobody.code == 3
    assert "there are several tenants (main, second): name one with --tenant" in unnamed.words
    assert named.code == 0
    assert "there is no tenant 'third'; there are: main, second" in nobody.words


async def test_nothing_is_written_but_in_the_home(filled, headwater, program, home, desk, tmp_path: Path):
    await program("sync", "--full")
    await program("doctor")

    assert names_under(tmp_path) == [
        "desk", "home", "home/logs", "home/logs/headwater.log", "home/secret.key", "user",
    ]  # fmt: skip
    assert mode_of(home / "secret.key") == mode_of(home / "logs" / "headwater.log") == 0o600
