"""Secrets at rest: encrypted by this process, with a key that is never in the database."""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from headwater.core.errors import NeedsPerson


class Vault:
    """Encrypts and decrypts with the keys of a file in the data home, one a line, the newest first.

    The first secret that is sealed makes the file, readable by its owner only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def seal(self, secret: str) -> str:
        if not self.path.exists():
            self._create()
        return self._fernet().encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret. Raises NeedsPerson when it was sealed with a key that the file does not hold."""
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken as exc:
            raise NeedsPerson(
                f"the stored credentials were encrypted with another key than those in {self.path}: "
                "put the old key file back, or connect again"
            ) from exc

    def _fernet(self) -> MultiFernet:
        try:
            keys = [line.strip() for line in self.path.read_text().splitlines() if line.strip()]
        except FileNotFoundError as exc:
            raise NeedsPerson(
                f"the key file {self.path} is missing, and stored credentials cannot be read without it: "
                "put it back from a backup, or connect again"
            ) from exc
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError as exc:
            raise NeedsPerson(f"{self.path} does not hold a usable key: put the right key file back") from exc

    def _create(self) -> None:
        """Written aside and linked into place, so that two processes agree on one key."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, self.path)
        except FileExistsError:
            pass  # another process was faster: its key is the key
        finally:
            aside.unlink()
