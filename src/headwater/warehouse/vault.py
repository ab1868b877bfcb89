"""Secrets at rest: encrypted by this process, with keys that are never in the database."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from headwater.core.errors import NeedsPerson, RetryLater


class Vault:
    """Encrypts and decrypts with the keys of a file in the data home, one a line, the newest first.

    The first secret that is sealed makes the file, readable by its owner only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def seal(self, secret: str) -> str:
        if not self.path.exists():
            self._create()
        return self._fernet(self._keys()).encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret. Raises NeedsPerson when it was sealed with a key that the file does not hold."""
        try:
            return self._fernet(self._keys()).decrypt(sealed.encode()).decode()
        except InvalidToken as exc:
            raise self._foreign() from exc

    def reseal(self, sealed: str, key: str) -> str:
        """The same secret under a new key, which `put_first` makes one of the file's. Raises as `open`."""
        try:
            return self._fernet([key, *self._keys()]).rotate(sealed.encode()).decode()
        except InvalidToken as exc:
            raise self._foreign() from exc

    def put_first(self, key: str) -> int:
        """Seals with `key` from now on; returns how many other keys there are, which still open theirs."""
        old = self._keys() if self.path.exists() else []
        self._write([key, *old])
        return len(old)

    def take_in(self, keys: Sequence[str]) -> int:
        """Opens what other keys sealed, too; how many of them it did not have. Its own stay the newest.
        Raises RetryLater while somebody stores a secret or changes the keys."""
        with self.changing():
            own = self._keys() if self.path.exists() else []
            new = [key for key in dict.fromkeys(keys) if key not in own]
            self._fernet([*own, *new] or [new_key()])
            if new:
                self._write([*own, *new])
        return len(new)

    def drop_all_but(self, key: str) -> None:
        """Forgets every other key: what they sealed is lost."""
        self._write([key])

    @contextmanager
    def steady(self) -> Iterator[None]:
        """No key comes or goes meanwhile: hold it from sealing to storing. Raises RetryLater."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Nobody stores a secret or changes the keys meanwhile. Raises RetryLater when somebody is at it."""
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        # The folder, not a file of its own: whoever may read the key may lock it, and nothing is left behind.
        self.path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            try:
                fcntl.flock(folder, how | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise RetryLater(
                    "another process changes the keys or stores a secret just now: try again in a moment"
                ) from exc
            yield
        finally:
            os.close(folder)

    def _keys(self) -> list[str]:
        try:
            return [line.strip() for line in self.path.read_text().splitlines() if line.strip()]
        except FileNotFoundError as exc:
            raise NeedsPerson(
                f"the key file {self.path} is missing, and stored credentials cannot be read without it: "
                "put it back from a backup, or connect again"
            ) from exc

    def _fernet(self, keys: Sequence[str]) -> MultiFernet:
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError as exc:
            raise NeedsPerson(f"{self.path} does not hold a usable key: put the right key file back") from exc

    def _foreign(self) -> NeedsPerson:
        return NeedsPerson(
            f"the stored credentials were encrypted with another key than those in {self.path}: "
            "put the old key file back, or connect again"
        )

    def _create(self) -> None:
        """Written aside and linked into place, so that two processes agree on one key."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._aside([new_key()], self.path)
        try:
            os.link(aside, self.path)
        except FileExistsError:
            pass  # another process was faster: its key is the key
        finally:
            aside.unlink()

    def _write(self, keys: Sequence[str]) -> None:
        """Replaces the file, whole or not at all; it stays where a link leads, and its owner's."""
        path = self.path.resolve()
        aside = self._aside(keys, path)
        try:
            if path.exists() and (owner := path.stat()).st_uid != os.geteuid():
                os.chown(aside, owner.st_uid, owner.st_gid)
            aside.replace(path)
        except BaseException:
            aside.unlink()
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @staticmethod
    def _aside(keys: Sequence[str], path: Path) -> Path:
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.writelines(f"{key}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        return aside


def new_key() -> str:
    return Fernet.generate_key().decode()
