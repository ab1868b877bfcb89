"""One call of a method: who asks, with which parameters; what a method is and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import App, Person
from headwater.sandbox.bitrix24.errors import not_array
from headwater.sandbox.bitrix24.portal import Portal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method found: `result`, for lists `total` and `next`; `seconds` is what it cost the portal."""

    result: Any
    total: int | None = None
    next: int | None = None
    seconds: float = 0.005


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credential a request carries: what its accounts are kept under, the secret it came with, for whom
    and within which scopes it acts, through which application (None: a webhook) and, if it says so, as which
    of its connectors."""

    credential: str
    secret: str
    person: Person
    scopes: Sequence[str]
    app: App | None = None
    connector: str = ""


class Call:
    """A method call with its parameters, whose names are matched without regard to case."""

    def __init__(self, portal: Portal, caller: Caller, params: Mapping[str, Any]) -> None:
        self.portal = portal
        self.person = caller.person
        self.scopes = caller.scopes
        self.app = caller.app
        self.secret = caller.secret
        self.params = {name.lower(): value for name, value in params.items()}

    def get(self, name: str) -> Any:
        return self.params.get(name.lower())

    def text(self, name: str) -> str:
        return php.text(self.get(name))

    def integer(self, name: str) -> int:
        return php.integer(self.get(name))

    def flag(self, name: str) -> bool:
        return php.text(self.get(name)).lower() in ("1", "y", "true")

    def map(self, name: str, *, required: bool = False) -> dict[str, Any]:
        """An array parameter as a map; the vendor's error when it is something else."""
        value = self.get(name)
        if value in (None, "") and not required:
            return {}
        if not php.is_array(value):
            raise not_array(name)
        return php.as_map(value)

    def names(self, name: str) -> list[str]:
        """A list of names, such as `select`; a single one may come alone."""
        value = self.get(name)
        return [] if value in (None, "") else [php.text(one) for one in php.as_list(value)]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the portal: what it does, which scope it needs (any of several, none for basic ones),
    whether it is only for applications."""

    run: Callable[[Call], Outcome]
    scopes: tuple[str, ...] = ()
    app_only: bool = False


Methods = dict[str, Method]
"""Methods by their lower-case names."""
