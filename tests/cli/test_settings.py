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
    ],
)
async def test_a_wrong_setting_names_itself(given, headwater, name, value, advice):
    said = await headwater("status", **{name: value})
    as_json = await headwater("status", "--json", **{name: value})

    assert said.code == as_json.json["exit_code"] == 3
    assert f"{name}: " in said.words
    assert advice in as_json.json["message"]


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
