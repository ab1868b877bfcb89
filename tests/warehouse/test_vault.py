import os
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg import AsyncCursor

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import connections
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.rotation import rotate
from headwater.warehouse.vault import Vault, new_key

URL = "https://acme.bitrix24.ru/rest/1/abcdef/"


def test_what_is_sealed_can_be_opened_and_does_not_show(tmp_path: Path):
    vault = Vault(tmp_path / "secret.key")

    sealed = vault.seal(URL)

    assert "abcdef" not in sealed
    assert Vault(tmp_path / "secret.key").open(sealed) == URL


def test_the_key_file_is_for_its_owner_only(tmp_path: Path):
    Vault(tmp_path / "secret.key").seal(URL)

    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_new_key_in_front_seals_and_the_old_one_still_opens(tmp_path: Path):
    vault = Vault(tmp_path / "secret.key")
    old = vault.seal(URL)

    vault.path.write_text(Fernet.generate_key().decode() + "\n" + vault.path.read_text())

    assert vault.open(old) == vault.open(vault.seal(URL)) == URL


def test_another_key_says_what_to_do(tmp_path: Path):
    sealed = Vault(tmp_path / "one.key").seal(URL)
    Vault(tmp_path / "two.key").seal(URL)

    with pytest.raises(NeedsPerson, match="put the old key file back"):
        Vault(tmp_path / "two.key").open(sealed)


def test_a_damaged_key_file_says_what_to_do(tmp_path: Path):
    (tmp_path / "secret.key").write_text("not a key")

    with pytest.raises(NeedsPerson, match="put the right key file back"):
        Vault(tmp_path / "secret.key").seal(URL)


def test_a_missing_key_file_is_missed_and_not_replaced(tmp_path: Path):
    vault = Vault(tmp_path / "secret.key")
    sealed = vault.seal(URL)
    vault.path.unlink()

    with pytest.raises(NeedsPerson, match="is missing"):
        vault.open(sealed)
    assert not vault.path.exists()


def test_a_new_key_in_front_takes_over_and_the_last_one_left_opens_what_it_sealed(tmp_path: Path):
    vault = Vault(tmp_path / "secret.key")
    old, key = vault.seal(URL), new_key()

    anew = vault.reseal(old, key)
    kept = vault.put_first(key)
    both = (vault.open(old), vault.open(anew))
    vault.drop_all_but(key)

    assert kept == 1
    assert both == (URL, URL)
    assert vault.open(anew) == URL
    assert vault.path.read_text() == f"{key}\n"
    assert vault.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NeedsPerson, match="put the old key file back"):
        vault.open(old)


def test_keys_are_taken_in_behind_its_own_and_not_while_somebody_stores_a_secret(tmp_path: Path):
    vault = Vault(tmp_path / "new home" / "secret.key")
    other = Vault(tmp_path / "other.key")
    sealed = other.seal(URL)
    keys = other.path.read_text().split()

    first = vault.take_in(keys)
    with vault.steady(), pytest.raises(RetryLater):
        vault.take_in([new_key()])
    own = new_key()
    vault.put_first(own)

    assert (first, vault.take_in(keys)) == (1, 0)
    assert vault.open(sealed) == URL
    assert vault.path.read_text().split() == [own, *keys]


def test_a_key_file_behind_a_link_stays_where_it_is(tmp_path: Path):
    (tmp_path / "mounted").mkdir()
    Vault(tmp_path / "mounted" / "key").seal(URL)
    (tmp_path / "secret.key").symlink_to(tmp_path / "mounted" / "key")

    Vault(tmp_path / "secret.key").put_first(new_key())

    assert (tmp_path / "secret.key").is_symlink()
    assert len((tmp_path / "mounted" / "key").read_text().splitlines()) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes into another account's home")
def test_a_key_file_written_by_root_stays_its_owners(tmp_path: Path):
    vault = Vault(tmp_path / "secret.key")
    vault.seal(URL)
    os.chown(vault.path, 4242, 4242)

    vault.put_first(new_key())

    assert (vault.path.stat().st_uid, vault.path.stat().st_gid) == (4242, 4242)
    assert vault.path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_stored_together_and_keys_changed_alone(tmp_path: Path):
    vault, other = Vault(tmp_path / "secret.key"), Vault(tmp_path / "secret.key")

    with (
        vault.steady(),
        other.steady(),
        pytest.raises(RetryLater, match="try again in a moment"),
        other.changing(),
    ):
        pass
    with vault.changing():
        for way in (other.steady, other.changing):
            with pytest.raises(RetryLater, match="try again in a moment"), way():
                pass
    with other.changing():
        pass


async def kept(warehouse: Warehouse, vault: Vault, *tenants: str) -> list[Link]:
    """A connection of each tenant, its credentials sealed."""
    found = []
    for name in tenants:
        owner = await connections.put_tenant(warehouse, name, name)
        found.append(await connections.put_link(
            warehouse, owner, source="bitrix24", portal=f"{name}.example", title=name,
            sealed=vault.seal(f"{URL}{name}"), account={},
        ))  # fmt: skip
    return found


async def opened(warehouse: Warehouse, vault: Vault, *known: Link) -> list[str]:
    """What the stored credentials of these connections are."""
    return [
        vault.open(link.sealed) for one in known for link in await connections.links(warehouse, one.tenant)
    ]


async def test_every_tenants_credentials_are_sealed_anew(warehouse: Warehouse, tmp_path: Path):
    vault = Vault(tmp_path / "secret.key")
    links = await kept(warehouse, vault, "one", "two")

    first = await rotate(warehouse, vault)
    second = await rotate(warehouse, vault, drop_old=True)

    assert (first, second) == ((2, 1), (2, 0))
    assert len(vault.path.read_text().splitlines()) == 1
    assert await opened(warehouse, vault, *links) == [f"{URL}one", f"{URL}two"]


async def test_nothing_to_seal_anew_is_no_trouble(warehouse: Warehouse, tmp_path: Path):
    vault = Vault(tmp_path / "secret.key")

    assert await rotate(warehouse, vault) == (0, 0)
    assert vault.open(vault.seal(URL)) == URL


async def test_a_credential_that_does_not_open_stops_it_before_anything_changed(
    warehouse: Warehouse, tmp_path: Path
):
    vault = Vault(tmp_path / "secret.key")
    [ours, _] = await kept(warehouse, vault, "one", "two")
    await warehouse.rows(
        ours.tenant, "update headwater.connections set credentials = 'x' where tenant_id = %(tenant)s", {}
    )
    before = vault.path.read_text()

    with pytest.raises(NeedsPerson, match="connection bitrix24: the stored credentials were encrypted"):
        await rotate(warehouse, vault, drop_old=True)

    assert vault.path.read_text() == before


async def test_at_whatever_statement_it_breaks_off_everything_opens(database: Any, tmp_path: Path):
    vault = Vault(tmp_path / "secret.key")
    async with Warehouse(database.url(), size=1) as warehouse:
        links = await kept(warehouse, vault, "one", "two")

    for statement in range(1, 50):

        class Breaking(AsyncCursor[Any]):
            left = statement

            async def execute(self, *words: Any, **more: Any) -> Any:
                if "headwater.connections" in str(words[0]):
                    Breaking.left -= 1
                    if Breaking.left == 0:
                        raise psycopg.OperationalError("cut off")
                return await super().execute(*words, **more)

        async with Warehouse(database.url(), size=1, cursor_factory=Breaking) as warehouse:
            whole = True
            try:
                await rotate(warehouse, vault, drop_old=True)
            except RetryLater:
                whole = False
        async with Warehouse(database.url(), size=1) as warehouse:
            assert await opened(warehouse, vault, *links) == [f"{URL}one", f"{URL}two"]
        if whole:
            break

    assert statement == 5
    assert len(vault.path.read_text().splitlines()) == 1
