"""`headwater backup` and `restore`: what a person sees, and what is left when the program is killed."""

import json
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from headwater.warehouse import embedded, fingerprints

WORDS = "correct horse battery"


@pytest.fixture
def administered(filled, given, monkeypatch):
    """A synced database whose administrator is known; databases that are made from it go in the end."""
    monkeypatch.setenv("HEADWATER_ADMIN_DATABASE_URL", given.url("postgres"))
    yield given
    with psycopg.connect(given.server.url(database="postgres"), autocommit=True) as admin:
        left = admin.execute("select datname from pg_database where datname like %s", [f"{given.name}\\_%"])
        for (name,) in left.fetchall():
            admin.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def elsewhere(own, tmp_path: Path):
    """A new data home with nothing in it."""
    yield tmp_path / "new"
    embedded.stop(tmp_path / "new")


async def test_a_backup_is_made_listed_verified_and_restored_into_a_new_home(
    administered, headwater, home, elsewhere, tmp_path
):
    made = await headwater("backup", HEADWATER_BACKUP_PASSPHRASE=WORDS)
    mine = await headwater("backup", str(tmp_path / "mine.dump"), "--json")
    there = await headwater("backup", "make", str(tmp_path / "mine.dump"))
    listed = await headwater("backup", "list")
    [copy] = (home / "backups").glob("*.dump")
    shallow = await headwater("backup", "verify", str(copy))
    deep = await headwater("backup", "verify", str(copy), "--deep", "--json")
    new = {
        "HEADWATER_HOME": str(elsewhere),
        "HEADWATER_DATABASE_URL": None,
        "HEADWATER_ADMIN_DATABASE_URL": None,
    }
    wrong = await headwater("restore", str(copy), HEADWATER_BACKUP_PASSPHRASE="another passphrase", **new)
    restored = await headwater("restore", str(copy), HEADWATER_BACKUP_PASSPHRASE=WORDS, **new)
    again = await headwater("restore", str(copy), **new)
    status = await headwater("status", "--json", **new)
    synced = await headwater("sync", "--json", HEADWATER_SHARE="1", **new)

    assert (made.code, mine.code) == (0, 0), made.words + mine.words
    assert "its manifest lies beside it" in made.words.lower()
    assert "lies beside it, sealed" in made.err.replace("\n", " ")
    assert mine.json["manifest"]["key"] == "absent"
    assert (there.code, "is there already" in there.words) == (3, True)
    assert "sealed" in listed.out
    assert copy.name in listed.out
    assert "is as it was made" in shallow.words
    assert (deep.json["well"], deep.json["deep"]) == (True, True)
    assert (wrong.code, "another passphrase" in wrong.words) == (3, True)
    assert restored.code == 0, restored.words
    assert "all equal to what was copied" in restored.words
    assert "Keys of credentials taken from the copy: 1." in restored.out
    assert (again.code, "--replace" in again.words) == (3, True)
    assert "60" in json.dumps(status.deals)
    assert synced.code == 0, synced.words
    assert (elsewhere / "secret.key").read_text() == (home / "secret.key").read_text()


async def test_what_was_there_is_kept_until_somebody_removes_it_and_a_lost_key_is_told(
    administered, headwater, home, tmp_path
):
    copy = tmp_path / "copies" / "one.dump"
    made = await headwater("backup", str(copy))
    (home / "secret.key").unlink()
    restored = await headwater("restore", str(copy), "--replace")
    kept = await headwater("db", "kept", "--json")
    removed = await headwater("db", "kept", "--remove")
    nothing = await headwater("db", "kept")

    assert "NOT in it: the key of the credentials" in made.err
    assert restored.code == 0, restored.words
    [database] = kept.json["databases"]
    assert f"What was there before is the database {database} now" in restored.words
    assert "The key of the credentials is not there" in restored.err
    assert removed.out == f"{database} is removed.\n"
    assert nothing.out == "Nothing was put aside.\n"


async def test_a_spoilt_copy_is_told_with_exit_code_3(administered, headwater, tmp_path):
    copy = tmp_path / "one.dump"
    await headwater("backup", str(copy))
    copy.write_bytes(copy.read_bytes() + b"x")
    spoilt = await headwater("backup", "verify", str(copy), "--json")
    absent = await headwater("backup", "verify", str(tmp_path / "none.dump"))
    none = await headwater("backup", "list", str(tmp_path / "nowhere"))

    assert (spoilt.code, "is damaged" in json.loads(spoilt.out)["message"]) == (3, True)
    assert (absent.code, "there is no backup" in absent.words) == (3, True)
    assert (none.code, none.out) == (0, "There is no backup here yet: headwater backup\n")


async def test_a_backup_that_is_killed_is_none_and_the_next_one_clears_up(
    administered, headwater, started, home
):
    with administered.as_admin() as admin:  # rows that take a moment
        admin.execute(
            "create table public.heavy as select gen_random_uuid() as it from generate_series(1, 400000)"
        )
    process = await started("backup")
    folder = home / "backups"
    while not list(folder.glob("*.part")):
        assert process.returncode is None
    process.kill()
    await process.communicate()

    assert list(folder.glob("*.dump")) == []
    assert (await headwater("backup")).code == 0
    [copy] = folder.glob("*.dump")
    assert {path.name for path in folder.iterdir()} == {copy.name, f"{copy.name}.json"}


@pytest.mark.parametrize("step", ["Reading", "Bringing"])
async def test_a_restore_that_is_killed_touched_nothing_and_is_begun_anew(
    administered, headwater, started, tmp_path, step
):
    copy = tmp_path / "one.dump"
    assert (await headwater("backup", str(copy))).code == 0
    before = await fingerprints.counted(administered.url("postgres"))
    process = await started("restore", str(copy), "--replace")
    while not (line := await process.stderr.readline()).startswith(step.encode()):
        assert line
    process.kill()
    await process.communicate()
    half = (await headwater("db", "kept", "--json")).json["databases"]

    assert await fingerprints.counted(administered.url("postgres")) == before
    assert half == [f"{administered.name}_restoring"]
    restored = await headwater("restore", str(copy), "--replace", "--json")
    assert restored.code == 0, restored.words
    assert restored.json["kept"] in (await headwater("db", "kept", "--json")).json["databases"]


async def test_a_restore_waits_for_nobody_who_works_there(administered, headwater, tmp_path):
    copy = tmp_path / "one.dump"
    await headwater("backup", str(copy))
    with administered.as_admin():
        busy = await headwater("restore", str(copy), "--replace")

    assert (busy.code, "sessions work in" in busy.words) == (4, True)


async def test_without_an_administrator_no_copy_is_made_or_read(filled, headwater, tmp_path):
    made = await headwater("backup", str(tmp_path / f"{uuid4().hex}.dump"))

    assert (made.code, "HEADWATER_ADMIN_DATABASE_URL" in made.words) == (3, True)
