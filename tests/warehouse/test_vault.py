from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from headwater.core.errors import NeedsPerson
from headwater.warehouse.vault import Vault

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
