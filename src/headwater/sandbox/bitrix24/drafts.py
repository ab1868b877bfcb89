"""The portal's books as a mapping wants them, drafted apart so that an error leaves the portal as it was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from headwater.sandbox.bitrix24.books import Books, Currency, Pipeline, UserField, load
from headwater.sandbox.bitrix24.entities import kept
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.mapping import CustomOf, Entry, Mapping
from headwater.sandbox.bitrix24.plans import Group, Plan
from headwater.sandbox.bitrix24.userfields import SETTINGS, known_type

_FIRST = 7001
"""Ids of custom fields and of their options begin here."""

_FIXED = {"NEW", "WON", "LOSE", "CONVERTED", "JUNK"}
"""Codes that every portal has."""


@dataclass(slots=True)
class Draft:
    """Books, the tables that follow from them, and the enumerations that take the options that occur."""

    books: Books
    open_lists: set[int] = field(default_factory=set)
    tables: dict[str, Table] = field(default_factory=dict)


def drafted(books: Books, plan: Plan) -> Draft:
    """The books with the pipelines, lists, currency and custom fields of a mapping in place of their own."""
    draft = Draft(load(books.dump()))
    file = plan.mapping.file
    if file.pipelines:
        _pipelines(draft.books, plan.mapping)
    for book, entries in file.lists.items():
        _list(draft.books, book, entries, plan.mapping)
    if file.pipelines or file.lists:
        for at, status in enumerate(draft.books.statuses):
            status.id = 101 + 2 * at
    _currency(draft.books, file.currency)
    for group in plan.groups:
        _customs(draft, group, plan.mapping)
    draft.tables = {one.name: Table(one, draft.books.fields_of(one.book)) for one in kept(draft.books)}
    return draft


def _pipelines(books: Books, mapping: Mapping) -> None:
    books.pipelines.clear()
    books.statuses = [status for status in books.statuses if not status.book.startswith("DEAL_STAGE")]
    for at, pipeline in enumerate(mapping.file.pipelines):
        if books.pipeline(pipeline.id):
            raise mapping.wrong(f"two pipelines have the id {pipeline.id}; renumber one", "pipelines", at)
        _distinct(pipeline.stages, mapping, "pipelines", at, "stages")
        stages = [(stage.code, stage.name, stage.semantics or None) for stage in pipeline.stages]
        books.open_pipeline(Pipeline(pipeline.id, pipeline.name, 100 * (at + 1)), stages)


def _list(books: Books, book: str, entries: Sequence[Entry], mapping: Mapping) -> None:
    known = sorted({status.book for status in books.statuses if "_STAGE" not in status.book})
    if book not in known:
        raise mapping.wrong(f"there is no list {book}; there are {', '.join(known)}", "lists", book)
    _distinct(entries, mapping, "lists", book)
    books.statuses = [status for status in books.statuses if status.book != book]
    for entry in entries:
        books.add_status(
            book, entry.code, entry.name, semantics=entry.semantics or None, system=entry.code in _FIXED
        )


def _distinct(entries: Iterable[Entry], mapping: Mapping, *way: object) -> None:
    codes: set[str] = set()
    for entry in entries:
        if entry.code in codes:
            raise mapping.wrong(f"the code {entry.code} is there twice; codes must differ", *way)
        codes.add(entry.code)


def _currency(books: Books, code: str) -> None:
    """Makes a currency the base one; the rates of the others follow, of so many that four decimals tell."""
    known = books.currency(code)
    if not code or (known and known.base):
        return
    if known is None:
        books.currencies.append(Currency(code, code, "1.0000"))
    worth = {one.code: Decimal(one.amount) / one.count for one in books.currencies}
    for currency in books.currencies:
        currency.base = currency.code == code
        amount, currency.count = worth[currency.code] / worth[code], 1
        while amount < 1 and currency.count < 10_000:
            amount, currency.count = amount * 10, currency.count * 10
        currency.amount = f"{amount:.4f}"


def _customs(draft: Draft, group: Group, mapping: Mapping) -> None:
    """The custom fields of a section, after those there are; known names stay as they are."""
    plans: dict[str, CustomOf] = getattr(group.spec, "user_fields", {})
    entity = f"CRM_{group.entity.upper()}"
    fields = draft.books.user_fields
    taken = {one.name for one in draft.books.fields_of(entity)}
    for name, plan in plans.items():
        place = (group.name, group.at, "user_fields", name)
        if not name.startswith("UF_CRM_") or not known_type(plan.type):
            raise mapping.wrong(
                "custom fields are called UF_CRM_… and have a type such as string, double, date or"
                f" enumeration, not {plan.type!r}",
                *place,
            )
        if name in taken:
            continue
        made = UserField(
            max(max((one.id for one in fields), default=0) + 2, _FIRST),
            entity, name, plan.type, plan.label or name, plan.multiple,
            settings=SETTINGS.get(plan.type, {}) | plan.settings,
        )  # fmt: skip
        fields.append(made)
        for label in plan.options:
            made.options.append([next_option(fields), label])
        if plan.type == "enumeration" and not plan.options:
            draft.open_lists.add(made.id)


def next_option(user_fields: Iterable[UserField]) -> int:
    """An id that no option has."""
    return max(max((option for one in user_fields for option, _ in one.options), default=0) + 2, _FIRST)
