"""`headwater secret rotate`: a new key, and the portal is still reached; also after a kill in the middle."""

import signal


async def test_the_key_is_changed_and_the_portal_still_reached(filled, headwater, home):
    before = (home / "secret.key").read_text()

    rotated = await headwater("secret", "rotate")
    synced = await headwater("sync")
    dropped = await headwater("secret", "rotate", "--drop-old", "--json")
    again = await headwater("sync")

    assert (rotated.code, synced.code, again.code) == (0, 0, 0)
    assert "1 credentials are encrypted with a new key" in rotated.words
    assert "Older keys kept, as older backups need them: 1" in rotated.words
    assert dropped.json == {"credentials": 1, "old_keys": 0}
    after = (home / "secret.key").read_text()
    assert len(after.splitlines()) == 1
    assert before.strip() not in after


async def test_killed_between_the_file_and_the_database_it_did_no_harm(
    filled, given, headwater, started, home
):
    with given.as_admin() as admin:
        admin.execute(
            "create function public.wait() returns trigger language plpgsql as "
            "$$ begin perform pg_advisory_xact_lock(42); return new; end $$; "
            "create trigger wait before update on headwater.connections "
            "for each row execute function public.wait(); "
            "select pg_advisory_lock(42)"
        )
        process = await started("secret", "rotate", "--drop-old")
        while not admin.execute(
            "select from pg_locks where locktype = 'advisory' and not granted"
        ).fetchall():
            assert process.returncode is None
        process.send_signal(signal.SIGKILL)
        await process.wait()
        admin.execute("select pg_advisory_unlock(42)")

    keys = (home / "secret.key").read_text().splitlines()
    synced = await headwater("sync")
    again = await headwater("secret", "rotate", "--drop-old", "--json")

    assert len(keys) == 2
    assert synced.code == 0
    assert again.json == {"credentials": 1, "old_keys": 0}
    assert (await headwater("sync")).code == 0


async def test_a_key_that_is_lost_changes_nothing(filled, headwater, home):
    (home / "secret.key").unlink()

    said = await headwater("secret", "rotate")

    assert said.code == 3
    assert "connection bitrix24: the key file" in said.words
    assert "is missing" in said.words
    assert not (home / "secret.key").exists()
