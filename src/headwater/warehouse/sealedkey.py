"""The key of the credentials beside a copy of the database, sealed with a passphrase."""

import base64
import os
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidKey
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from headwater.core.errors import NeedsPerson

SHORTEST = 12
COST = {"n": 2**16, "r": 8, "p": 1}
"""64 MB and a fifth of a second a guess."""


def seal(keys: str, passphrase: str) -> str:
    """The key file's content, to be opened by the passphrase alone. Raises NeedsPerson when that is short."""
    if len(passphrase) < SHORTEST:
        raise NeedsPerson(f"the passphrase of a backup has at least {SHORTEST} letters")
    salt = os.urandom(16)
    token = _box(passphrase, salt, COST).encrypt(keys.encode())
    return orjson.dumps({"scrypt": COST, "salt": salt.hex(), "keys": token.decode()}).decode() + "\n"


def unseal(path: Path, passphrase: str) -> str:
    """The key file's content again. Raises NeedsPerson when the passphrase is another, the file damaged."""
    try:
        said = orjson.loads(path.read_bytes())
        cost = {name: min(int(said["scrypt"][name]), 2**20) for name in COST}
        return _box(passphrase, bytes.fromhex(said["salt"]), cost).decrypt(said["keys"]).decode()
    except (InvalidToken, InvalidKey) as exc:
        raise NeedsPerson(f"{path} was sealed with another passphrase") from exc
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise NeedsPerson(f"{path} holds no sealed key ({exc})") from exc


def _box(passphrase: str, salt: bytes, cost: dict[str, int]) -> Fernet:
    made = Scrypt(salt=salt, length=32, **cost).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(made))
