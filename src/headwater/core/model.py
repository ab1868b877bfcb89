"""The words every room shares: entity, field, record, span, page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = Mapping[str, Any]
"""One record as the source gave it: parsed JSON, nothing changed."""

Text: TypeAlias = str | None
"""A value in the text form of its kind (see `Kind`), or None for empty."""

Values: TypeAlias = Mapping[str, Text]
"""The fields of one record, each in its text form, by field name."""

Decoder: TypeAlias = Callable[[Any], Text]
"""Turns a source's raw value into its text form; raises `Unfit` when it has no such form."""


class Kind(StrEnum):
    """What a field holds. Between rooms a value travels as text, in the one form of its kind."""

    TEXT = "text"  # as it is
    INTEGER = "integer"  # -?digits, 64 bit
    NUMBER = "number"  # an exact decimal: -?digits[.digits], exponent allowed
    FLAG = "flag"  # true | false
    MOMENT = "moment"  # ISO 8601 with offset, years 1 to 9999
    DATE = "date"  # YYYY-MM-DD, years 1 to 9999
    JSON = "json"  # a JSON text


class Privacy(StrEnum):
    """Decides what is stored, logged, shown to a model, exported and erased."""

    PLAIN = "plain"
    PERSONAL = "personal"
    FREE_TEXT = "free_text"
    SECRET = "secret"  # noqa: S105 (the word for a class of fields, not a password)


class PrivacyMode(StrEnum):
    """What a connection keeps: everything, or what figures are made of and no free text, files, secrets."""

    FULL = "full"
    ANALYTICS = "analytics"

    def keeps(self, privacy: Privacy | None) -> bool:
        """Whether fields of this class are kept. What has none (nobody described it) only `full` keeps."""
        return self is PrivacyMode.FULL or privacy in (Privacy.PLAIN, Privacy.PERSONAL)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity, as the source's metadata describes it.

    `name` is unique within the entity; `origin` is the key of the record it is read from (one source
    value may fill two fields: an amount and its currency). `type` is the source's own word. `ticks`
    marks a field that changes without anybody changing the record: it stays out of the history.
    `spelled` is the name SQL makes its column of, where that is not `name`. `unknown`: the source's type
    word means nothing to us; a single value is kept as text, several as a list. `passing` are keys inside the
    value that are not kept: addresses of files, which carry keys and change while the file stays.
    """

    name: str
    kind: Kind
    origin: str = ""
    label: str = ""
    type: str = ""
    custom: bool = False
    multiple: bool = False
    privacy: Privacy = Privacy.PLAIN
    ticks: bool = False
    spelled: str = ""
    unknown: bool = False
    passing: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return self.origin or self.name

    @property
    def column(self) -> str:
        return self.spelled or self.name


@dataclass(frozen=True, slots=True)
class Normal:
    """How one column of a normalised crm_* table is filled from a record's values."""

    column: str
    take: Callable[[Values], Text]


@dataclass(frozen=True, slots=True)
class SetSpec:
    """Rows that belong to a record and are replaced all together: what a deal sells, who its contacts are.

    `slug` names them among entities; `table` is the crm_* table they live in, `scope` the constant columns
    that tell them from others there. With `within` they are read out of the record's own values; without
    it the source is asked for them by the ids of records that changed. `at_once` bounds how many records a
    run asks for, where asking is dear (None: all that are due); the rest comes with the next runs.
    """

    slug: str
    table: str
    scope: Mapping[str, str] = field(default_factory=dict)
    within: Callable[[Values], Sequence[Values]] | None = None
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """What a source declares of one of its entities.

    `clocks` are the times a window can be read by, the modified time first; windows reach `overlap` further
    back than the last one ended (None: as far as usual). Without clocks everything is read at each run.
    `owner_field` holds the person whose record it is, for people who see only their own; an entity without
    one is shown to them only if it is `open` to the whole tenant.

    `table` is the crm_* table of its normalised rows (by default that of its slug), `scope` its part of a
    table that several entities share. `sets` belong to its records.
    """

    slug: str
    id_field: str
    clocks: Sequence[str]
    owner_field: str | None = None
    normal: Sequence[Normal] = ()
    table: str = ""
    scope: str | None = None
    overlap: timedelta | None = None
    open: bool = False
    sets: Sequence[SetSpec] = ()

    @property
    def place(self) -> str:
        return self.table or self.slug

    @property
    def asked(self) -> Sequence[SetSpec]:
        """The sets the source is asked for."""
        return [one for one in self.sets if one.within is None]


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account a connection reaches and what it may see there.

    `key` never changes while the account lives (a portal's member id), or is empty when the source does
    not tell; `missing` are rights we asked for and do not have, in words for people.
    """

    portal: str
    title: str
    person: str
    admin: bool
    scopes: Sequence[str]
    missing: Sequence[str] = ()
    key: str = ""


class Label(NamedTuple):
    """What a value of a field is called: an option of a list, an entry of a directory."""

    entity: str
    field: str
    id: str
    label: str
    lang: str


class Stage(NamedTuple):
    """A step of a pipeline; `semantics` is open, won or lost."""

    entity: str
    pipeline: str
    id: str
    name: str
    sort: int
    semantics: str


class Pipeline(NamedTuple):
    """A row of stages that records of an entity go through."""

    entity: str
    id: str
    name: str
    sort: int
    main: bool


class Currency(NamedTuple):
    """A currency the account knows; `rate` is its price in the base currency, an exact decimal."""

    id: str
    name: str
    rate: str
    base: bool


class Department(NamedTuple):
    """A part of the company; `parent` and `head` may be unknown."""

    id: str
    name: str
    parent: str | None
    head: str | None
    sort: int


@dataclass(frozen=True, slots=True)
class Books:
    """The small lists of an account that records refer to. None: could not be read, what is known stays."""

    labels: Sequence[Label] | None = None
    stages: Sequence[Stage] | None = None
    pipelines: Sequence[Pipeline] | None = None
    currencies: Sequence[Currency] | None = None
    departments: Sequence[Department] | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """The state of an account before a run: its clock, its fields, its newest ids, its base currency.

    `totals` says how many records the source itself counts; an entity it does not count is absent. `refused`
    are entities that may not be read, each with the reason in words for people; they are in nothing else.
    `began` is the read number of the books.
    """

    now: datetime
    fields: Mapping[str, Sequence[Field]]
    newest: Mapping[str, int]
    currency: str | None = None
    totals: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    books: Books = field(default_factory=Books)
    began: int = 0
    account: Account | None = None
    """Where it was asked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of records to read by id: above `after`, up to `upto` (None: no bound).

    With `clock`, only records whose `clock` time lies in the closed window `since` to `until`. `name` tells
    the spans of one entity apart in its cursor.
    """

    entity: str
    name: str
    after: int = 0
    upto: int | None = None
    clock: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Unread(NamedTuple):
    """A record the source would not or could not hand over whole."""

    id: str | None
    reason: str
    raw: Any = None


class Part(NamedTuple):
    """What one answer brought for one span; `span` is where to go on, `done` that nothing is left of it."""

    span: Span
    records: Sequence[Row]
    done: bool
    unread: Sequence[Unread] = ()


class Page(NamedTuple):
    """One HTTP answer: the unit of commit.

    `began` was drawn before the request was sent; it is the version of everything in the answer.
    `requests` counts the HTTP requests spent since the page before, refused ones included.
    """

    began: int
    parts: Sequence[Part]
    now: datetime
    requests: int = 1


class Fate(StrEnum):
    """What a source says when it is asked for one record by its id."""

    HERE = "here"
    HIDDEN = "hidden"  # it exists, and we may not see it
    GONE = "gone"


class Fates(NamedTuple):
    """What one answer says of records asked for one by one; `began` and `requests` as in `Page`."""

    began: int
    fates: Mapping[str, Fate]
    requests: int = 1


class Cost(NamedTuple):
    """What a method of an account has used of its time: `used` seconds, the oldest of which are forgotten in
    `left` seconds."""

    used: float
    left: float


class Sets(NamedTuple):
    """What one answer says of sets of rows, by the id of the record they belong to, each whole.

    Rows have the columns of the set's table, in text form. Records in `refused` were asked about in vain,
    each with the reason; records that the source does not have are in neither. `doubt`: the source found out
    that what it said of this kind of set in earlier readings, to whomever, may be wrong.
    """

    began: int
    sets: Mapping[str, Sequence[Values]]
    refused: Mapping[str, str]
    requests: int = 1
    doubt: bool = False


class Pack(NamedTuple):
    """Changes that an account keeps for us, set aside under `name` until they are cleared.

    `notices` are what is cleared, `records` the ids of what changed or vanished, by entity. `owners` are
    records that a set belongs to, by the set's slug; `rows` are rows of sets that the source does not have
    any more, by their table: whose they were only those know who stored them. `strange` counts events that
    mean nothing to us. `began` was drawn before the pack was asked for.
    """

    name: str
    notices: Sequence[str]
    records: Mapping[str, Sequence[str]]
    owners: Mapping[str, Sequence[str]]
    rows: Mapping[str, Sequence[str]]
    strange: Mapping[str, int]
    began: int


class Owners(NamedTuple):
    """What rows of sets belong to: ids of records by the slug of their sets. `rows` are rows that the source
    does not have any more, by their table. `began` as in `Page`."""

    began: int
    owners: Mapping[str, Sequence[str]]
    rows: Mapping[str, Sequence[str]]


class Tells(StrEnum):
    """What an event is about."""

    RECORD = "record"  # a record was made, changed or deleted: which of these is not asked
    COMMENT = "comment"  # a row of a record's comments, named by its own id
    ENTITY = "entity"  # something new in an entity, which is not to be read by the id that was told
    FIELDS = "fields"  # an entity has other fields now
    QUEUE = "queue"  # the account's own queue of changes is not empty
    INSTALLED = "installed"
    REMOVED = "removed"  # the account wants no more of us
    TEST = "test"
    NOTHING = "nothing"  # nothing that concerns us


@dataclass(frozen=True, slots=True)
class Notice:
    """What one event says, and who says so: the account's own name and the word it proves itself by.

    `entity` and `id` are there as far as the event names them; `body` is what arrived, without secrets.
    """

    event: str
    tells: Tells
    entity: str | None
    id: str | None
    member: str
    token: str = field(repr=False)
    body: str = ""


class Bound(NamedTuple):
    """Events that an account sends us from now on, and those it does not, each with its reason."""

    events: Sequence[str]
    refused: Mapping[str, str]
