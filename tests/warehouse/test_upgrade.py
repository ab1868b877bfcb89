"""Another major version of PostgreSQL: the data come over, every row of them, and the old ones stay as they were."""

import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from headwater import wiring
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.settings import Settings
from headwater.testing.sample import bench
from headwater.warehouse import backup, bi, connections, embedded, fingerprints, migrate
from headwater.warehouse.pool import Warehouse

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RECORDS = [{"ID": str(at), "TITLE": f"Сделка {at}", "AMOUNT": "1.10"} for at in range(50)]


@pytest.fixture
def old(oldest_programs: Path) -> Path:
    return oldest_programs


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    embedded.stop(tmp_path / "home" / "upgrade")
    embedded.stop(tmp_path / "home")


async def filled(home: Path, old: Path) -> dict[str, fingerprints.Counted]:
    """A home of PostgreSQL 15 with some deals and a login for BI tools; what its rows come to."""
    server = embedded.ensure(home, bindir=old)
    migrate.migrate(server.url())
    async with Warehouse(server.url("hw_app"), size=2) as warehouse:
        deals = await bench(warehouse)
        await deals.store(*RECORDS, began=1)
        links = await connections.links(warehouse, deals.tenant.id)
    terms = bi.Terms(deals.tenant.id, [link.slug for link in links])
    bi.add(server.url(), "metabase", terms)
    return await fingerprints.counted(server.url())


def secret(url: str) -> str:
    with psycopg.connect(url) as admin:
        [(found,)] = admin.execute("select rolpassword from pg_authid where rolname = 'metabase'").fetchall()
    return found


async def test_a_home_of_an_older_major_version_is_brought_over_and_the_old_one_still_starts(home, old):
    before = await filled(home, old)
    password = secret(embedded.ensure(home, bindir=old).url())
    embedded.stop(home)
    settings = Settings(home=home)
    with pytest.raises(
        NeedsPerson, match=r"written by PostgreSQL 15.*`headwater db upgrade` brings the data to 18"
    ):
        await asyncio.to_thread(embedded.ensure, home)

    found, kept = await wiring.upgraded(settings, None, now=NOW, told=lambda _: None)

    server = embedded.ensure(home)
    after = await fingerprints.counted(server.url())
    assert server.version.startswith("18.")
    assert after.keys() == before.keys()
    assert {name for name in before if before[name] != after[name]} == {"headwater.eras"}
    assert secret(server.url()) == password
    assert found.logins == []
    assert found.manifest.postgresql.startswith("15.")
    assert [one.name for one in backup.kept(home / "backups")] == ["headwater-20261121T090000Z.dump"]
    assert kept == home / "data-15-20261121T090000Z"
    assert await wiring.put_aside(settings) == ([], [kept])
    assert not (home / "upgrade").exists()
    with pytest.raises(NeedsPerson, match="there is nothing to upgrade"):
        await wiring.upgraded(settings, None, now=NOW, told=lambda _: None)

    embedded.stop(home)  # killed between the two renames of a switch: the next start does the second
    (home / "upgrade").mkdir()
    (home / "upgrade" / "whole").touch()
    (home / "data").rename(home / "upgrade" / "data")
    assert await fingerprints.counted(embedded.ensure(home).url()) == after
    assert not (home / "upgrade").exists()

    embedded.stop(home)  # the way back, as docs/upgrade.md has it
    (home / "data").rename(home / "data-18")
    kept.rename(home / "data")
    back = embedded.ensure(home, bindir=old)
    assert await fingerprints.counted(back.url()) == before


async def test_an_upgrade_waits_for_nobody_who_works_in_the_database_and_needs_the_old_programs(
    home, old, tmp_path
):
    await filled(home, old)
    url = embedded.ensure(home, bindir=old).url()
    settings = Settings(home=home)
    with psycopg.connect(url) as somebody:
        somebody.execute("select 1")
        with pytest.raises(RetryLater, match="1 sessions work in the database: stop the service"):
            await wiring.upgraded(settings, old, now=NOW, told=lambda _: None)
    with pytest.raises(NeedsPerson, match="name its programs with --from"):
        await wiring.upgraded(settings, tmp_path, now=NOW, told=lambda _: None)

    assert embedded.ensure(home, bindir=old).running()


@pytest.mark.parametrize("step", ["Reading", "Bringing"])
async def test_an_upgrade_that_is_killed_leaves_the_old_data_and_is_begun_anew(home, old, step):
    before = await filled(home, old)
    embedded.stop(home)
    environment = {"HEADWATER_HOME": str(home), "HEADWATER_LANGUAGE": "en", "PATH": os.environ["PATH"]}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headwater", "db", "upgrade", env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while not (line := await process.stderr.readline()).startswith(step.encode()):
        assert line
    process.kill()
    await process.communicate()

    assert (home / "upgrade").is_dir()
    assert (home / "data" / "PG_VERSION").read_text() == "15\n"
    assert await fingerprints.counted(embedded.ensure(home, bindir=old).url()) == before
    found, _ = await wiring.upgraded(Settings(home=home), None, now=NOW, told=lambda _: None)
    assert found.manifest.tables == before
    assert not (home / "upgrade").exists()
