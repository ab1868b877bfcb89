"""Passwords: what one must be like, and their hashes, which take memory and time on purpose."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from headwater.core.errors import NeedsPerson, RetryLater

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST, LONGEST = 10, 1024
AT_ONCE = 2
"""Hashes made at the same time: each takes 64 MB and every core it gets."""

WAITING = 64
"""So many wait for their turn; more are told to come again."""


def checked(password: str, email: str) -> str:
    """A password that somebody chooses. NeedsPerson says what is wrong with one that is too easy or too
    long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise NeedsPerson(f"a password has {SHORTEST} to {LONGEST} letters: a few words in a row are good")
    if len(set(password)) < 5 or password.lower() in (email, email.partition("@")[0]):
        raise NeedsPerson("this password is guessed at once: a few words in a row are good")
    return password


class Passwords:
    """Makes and checks hashes, beside the event loop, a few at once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys: str | None = None

    async def hashed(self, password: str) -> str:
        """The hash of a password."""
        return await self._beside(self._hasher.hash, _bytes(password))

    async def right(self, kept: str | None, password: str) -> bool:
        """Whether this password has this hash. Where there is no hash it takes as long to say no."""
        if self._nobodys is None:
            self._nobodys = await self._beside(self._hasher.hash, secrets.token_bytes(32))
        usable = kept if kept is not None and len(password) <= LONGEST else None
        return await self._beside(self._verified, usable or self._nobodys, password) and usable is not None

    def weak(self, kept: str) -> bool:
        """Whether a hash was made with less effort than they are now."""
        return self._hasher.check_needs_rehash(kept)

    def _verified(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _bytes(password[: LONGEST + 1]))
        except VerificationError:
            return False

    async def _beside(self, work: Callable[P, T], *words: P.args, **named: P.kwargs) -> T:
        if self._waiting >= WAITING:
            raise RetryLater("too many people come in at once", wait=5)
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work, *words, **named)
        finally:
            self._waiting -= 1


def _bytes(password: str) -> bytes:
    """The same for one who types on another machine: letters with marks may come in one piece or in two."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
