"""The portal's reference books: people, credentials, handlers, pipelines, lists, currencies, user fields."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from headwater.sandbox.bitrix24.pipelines import Pipeline, Process, Status

__all__ = [
    "ALL_SCOPES",
    "App",
    "Books",
    "Currency",
    "Department",
    "Handler",
    "Person",
    "Pipeline",
    "Process",
    "Status",
    "UserField",
    "Webhook",
    "load",
]

ALL_SCOPES = (
    "catalog",
    "crm",
    "department",
    "disk",
    "sale",
    "task",
    "telephony",
    "user",
    "user_basic",
    "user_brief",
    "userfieldconfig",
)


@dataclass(slots=True)
class Person:
    """An employee. `pace` and `luck` (0 to 1) are how fast and how well they sell; `sees` is what their role
    shows them of other people's records when they are no admin: the open ones (open) or none (own)."""

    id: int
    name: str
    last_name: str = ""
    email: str = ""
    gender: str = ""
    position: str = ""
    phone: str = ""
    active: bool = True
    admin: bool = False
    pace: float = 1.0
    luck: float = 0.4
    sees: str = "open"
    department: int = 1
    changed: str = ""
    """When this person was last changed; empty: not since they came."""


@dataclass(slots=True)
class Department:
    """A part of the company; 0 as `parent`: the whole of it; `head` leads it, unless 0."""

    id: int
    name: str
    parent: int = 0
    head: int = 0
    sort: int = 500


@dataclass(slots=True)
class Webhook:
    """An incoming webhook: it acts with the rights of its person, within its scopes, until it expires."""

    user_id: int
    code: str
    scopes: list[str] = field(default_factory=lambda: ["crm", "user"])
    expired: bool = False


@dataclass(slots=True)
class App:
    """A local application: it acts for the person who installed it, or for whoever opened it, within its
    scopes. Until its installation is `finished` no event reaches it. Of its access tokens the numbers up to
    `expired` have expired and those up to `revoked` are worth nothing, whatever their time."""

    id: int
    client_id: str
    client_secret: str
    application_token: str
    user_id: int
    scopes: list[str]
    redirect_uri: str = ""
    version: int = 1
    finished: bool = True
    paid: bool = True
    removed: bool = False
    expired: int = 0
    revoked: int = 0


@dataclass(slots=True)
class Handler:
    """Where events go: an outgoing webhook, or (`app`) what the application `app_id` bound with event.bind.

    `auth_type` is the person whose token it gets, 0 the one who made the change. An `offline` one has no
    url: its events wait in the queue of `connector`. `pause_seconds` lie between two rings of a doorbell.
    """

    id: int
    url: str
    application_token: str
    events: list[str]
    app: bool = False
    app_id: int = 0
    auth_type: int = 0
    offline: bool = False
    connector: str = ""
    pause_seconds: float = 1.0


@dataclass(slots=True)
class Currency:
    """A currency; its rate to the base one is amount / count."""

    code: str
    name: str
    amount: str
    count: int = 1
    base: bool = False
    format: str = "#"
    separator: str = "&nbsp;"


@dataclass(slots=True)
class UserField:
    """A custom field (UF_CRM_…). `options` are the [id, label] pairs of an enumeration."""

    id: int
    entity: str
    name: str
    type: str
    label: str
    multiple: bool = False
    mandatory: bool = False
    sort: int = 100
    settings: dict[str, Any] = field(default_factory=dict)
    options: list[list[Any]] = field(default_factory=list)


@dataclass(slots=True)
class Books:
    """Everything a portal knows apart from its records; saved as one JSON text."""

    people: list[Person] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    currencies: list[Currency] = field(default_factory=list)
    user_fields: list[UserField] = field(default_factory=list)
    features: dict[str, str] = field(default_factory=dict)
    handlers: list[Handler] = field(default_factory=list)
    member_id: str = ""
    """What the portal is called for as long as it lives, whatever its address."""

    departments: list[Department] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)

    def person(self, user_id: int) -> Person | None:
        return next((person for person in self.people if person.id == user_id), None)

    def webhook(self, user_id: str, code: str) -> Webhook | None:
        return next((w for w in self.webhooks if str(w.user_id) == user_id and w.code == code), None)

    def app(self, app_id: int) -> App | None:
        return next((app for app in self.apps if app.id == app_id), None)

    def credential(self, code: str = "") -> tuple[Webhook, Person]:
        """A webhook and its person: the one of that code, or the first. KeyError when there is none."""
        for webhook in self.webhooks:
            person = self.person(webhook.user_id)
            if person and code in ("", webhook.code):
                return webhook, person
        raise KeyError(f"no webhook {code}" if code else "no webhook of anybody who works here")

    def funnels(self, type_id: int = 2) -> list[Pipeline]:
        """The pipelines of deals, or of a smart process."""
        if type_id == 2:
            return self.pipelines
        return next((one.pipelines for one in self.processes if one.type_id == type_id), [])

    def pipeline(self, category: int, type_id: int = 2) -> Pipeline | None:
        return next((pipeline for pipeline in self.funnels(type_id) if pipeline.id == category), None)

    def stages(self, category: int, type_id: int = 2) -> list[Status]:
        """The stages of a pipeline in their order; none when there is no such pipeline."""
        pipeline = self.pipeline(category, type_id)
        if pipeline is None:
            return []
        return self.entries(pipeline.book)

    def entries(self, book: str) -> list[Status]:
        """The entries of a list in their order."""
        return sorted((s for s in self.statuses if s.book == book), key=lambda status: status.sort)

    def stage(self, category: int, code: str) -> Status | None:
        return next((stage for stage in self.stages(category) if stage.code == code), None)

    def currency(self, code: str) -> Currency | None:
        return next((currency for currency in self.currencies if currency.code == code), None)

    def base_currency(self) -> str:
        return next((currency.code for currency in self.currencies if currency.base), "RUB")

    def fields_of(self, entity: str) -> list[UserField]:
        return [user_field for user_field in self.user_fields if user_field.entity == entity]

    def open_pipeline(self, pipeline: Pipeline, stages: Iterable[tuple[str, str, str | None]]) -> None:
        """Adds a pipeline with its stages, each (code without prefix, name, semantics)."""
        self.funnels(pipeline.type_id).append(pipeline)
        for code, name, semantics in stages:
            self.add_status(
                pipeline.book,
                pipeline.prefix + code,
                name,
                semantics=semantics,
                system=code in ("NEW", "WON", "LOSE", "SUCCESS", "FAIL"),
                category=pipeline.id or None,
            )

    def add_status(
        self,
        book: str,
        code: str,
        name: str,
        *,
        semantics: str | None = None,
        system: bool = False,
        category: int | None = None,
    ) -> None:
        """Appends an entry to a list."""
        color = {"S": "#7BD500", "F": "#FF5752"}.get(semantics or "", "#39A8EF")
        sort = 10 * (1 + sum(status.book == book for status in self.statuses))
        number = 101 + 2 * len(self.statuses)
        self.statuses.append(Status(number, book, code, name, sort, semantics, color, system, category))

    def dump(self) -> str:
        return orjson.dumps(self).decode()


def load(text: str) -> Books:
    """Books from what `Books.dump` wrote."""
    raw = orjson.loads(text)
    return Books(
        [Person(**one) for one in raw["people"]],
        [Webhook(**one) for one in raw["webhooks"]],
        [Pipeline(**one) for one in raw["pipelines"]],
        [Status(**one) for one in raw["statuses"]],
        [Currency(**one) for one in raw["currencies"]],
        [UserField(**one) for one in raw["user_fields"]],
        raw["features"],
        [Handler(**one) for one in raw.get("handlers", ())],
        raw.get("member_id", ""),
        [Department(**one) for one in raw.get("departments", ())],
        [_process(one) for one in raw.get("processes", ())],
        [App(**one) for one in raw.get("apps", ())],
    )


def _process(raw: dict[str, Any]) -> Process:
    return Process(raw["id"], raw["type_id"], raw["title"], [Pipeline(**one) for one in raw["pipelines"]])
