"""The small lists of a portal: directories, stages, pipelines, currencies, departments, smart processes."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from headwater.core.model import Books, Currency, Department, Label, Pipeline, Stage
from headwater.sources.bitrix24.entities import Process
from headwater.sources.bitrix24.shapes import command, rows_of, section

BASE = "currency"
STATUSES, PIPELINES, CURRENCIES, DEPARTMENTS = "statuses", "pipelines", "currencies", "departments"
TYPES, MODE = "types", "mode"
PAGED = {DEPARTMENTS: 2, TYPES: 1}
"""Lists that come in pages, and how many of these are asked for at once; what is behind them, afterwards."""
PAGE = 50
SEMANTICS = {"S": "won", "F": "lost", "success": "won", "failure": "lost", "apology": "lost"}


def commands(processes: Iterable[Process]) -> dict[str, str]:
    """What the lists are asked for by."""
    found = {
        BASE: "crm.currency.base.get?",
        MODE: "crm.settings.mode.get?",
        STATUSES: command("crm.status.list", [("order[SORT]", "ASC")]),
        CURRENCIES: "crm.currency.list?",
        f"{PIPELINES}_2": command("crm.category.list", [("entityTypeId", "2")]),
    }
    for one in processes:
        key = f"{PIPELINES}_{one.type_id}"
        found[key] = command("crm.category.list", [("entityTypeId", str(one.type_id))])
    for name, pages in PAGED.items():
        found |= {f"{name}_{number}": _page(name, number) for number in range(pages)}
    return found


def next_pages(results: Mapping[str, Any], asked: int) -> dict[str, str]:
    """What to ask for next, of the lists that do not end with the pages that came; none is left when it is
    empty. `asked` counts how often this was asked before."""
    return {
        f"{name}_{pages + asked}": _page(name, pages + asked)
        for name, pages in PAGED.items()
        if _goes_on(_pages(results, name), pages + asked)
    }


def _page(name: str, number: int) -> str:
    start = str(number * PAGE)
    if name == TYPES:
        return command("crm.type.list", [("order[id]", "ASC"), ("start", start)])
    return command("department.get", [("sort", "ID"), ("order", "ASC"), ("START", start)])


def _goes_on(pages: Sequence[Sequence[Any]], asked: int) -> bool:
    """Whether there may be more behind these pages: the last of those asked for is full, and brought rows
    that none before it had."""
    *before, last = pages or [[]]
    known = [row for rows in before for row in rows]
    return len(before) + 1 == asked and len(last) >= PAGE and any(row not in known for row in last)


def is_one(key: str) -> bool:
    """Whether a command asks for one of the lists: its refusal keeps what is known of that list alone."""
    return key.partition("_")[0] in (BASE, STATUSES, PIPELINES, CURRENCIES, DEPARTMENTS, TYPES, MODE)


def processes_of(results: Mapping[str, Any]) -> list[Process] | None:
    """The smart processes; None when not every page of them came (no right to know them)."""
    rows = _all(results, TYPES)
    if rows is None:
        return None
    found = []
    for row in rows:
        number = row.get("entityTypeId")
        text = str(number)
        if text.isascii() and text.isdecimal() and 128 <= int(text) < 2**31:
            found.append(Process(int(text), str(row.get("title") or f"{text}")))
    return sorted(set(found))


def books(
    results: Mapping[str, Any],
    described: Mapping[str, tuple[Any, Any]],
    processes: Sequence[Process],
    language: str,
) -> Books:
    """All lists, from the answers by key.

    `described` holds of each entity the answers of `….fields` and `….userfield.list`: their options are
    labels, too.
    """
    statuses = _rows(results, STATUSES)
    pipelines = _pipelines(results, processes)
    return Books(
        labels=None if statuses is None else _labels(statuses, described, language),
        stages=None if statuses is None else _stages(statuses, processes),
        pipelines=pipelines,
        currencies=_currencies(results),
        departments=_departments(results),
    )


def _rows(results: Mapping[str, Any], key: str) -> list[Mapping[str, Any]] | None:
    rows = rows_of(results[key]) if key in results else None
    return None if rows is None else [row for row in rows if isinstance(row, dict)]


def _stages(statuses: Iterable[Mapping[str, Any]], processes: Sequence[Process]) -> list[Stage]:
    known = {one.type_id for one in processes}
    found = []
    for row in statuses:
        book, code = str(row.get("ENTITY_ID") or ""), row.get("STATUS_ID")
        place = _place(book, known)
        if place is None or not isinstance(code, str) or not code:
            continue
        entity, pipeline = place
        found.append(
            Stage(entity, pipeline, code, str(row.get("NAME") or code), _number(row.get("SORT")), _means(row))
        )
    return found


def _place(book: str, known: set[int]) -> tuple[str, str] | None:
    """The entity and the pipeline whose stages a directory holds; None when it holds something else."""
    if book == "STATUS":
        return "leads", ""
    if book == "DEAL_STAGE":
        return "deals", "0"
    if book.startswith("DEAL_STAGE_"):
        return "deals", book.removeprefix("DEAL_STAGE_")
    if book.startswith("DYNAMIC_"):
        number, mark, pipeline = book.removeprefix("DYNAMIC_").partition("_STAGE_")
        if mark and number.isdecimal() and int(number) in known:
            return f"items_{int(number)}", pipeline
    return None


def _means(row: Mapping[str, Any]) -> str:
    extra = section(row.get("EXTRA"))
    return SEMANTICS.get(str(row.get("SEMANTICS") or extra.get("SEMANTICS") or ""), "open")


def _pipelines(results: Mapping[str, Any], processes: Sequence[Process]) -> list[Pipeline] | None:
    found = []
    for type_id, entity in ((2, "deals"), *((one.type_id, one.slug) for one in processes)):
        rows = _rows(results, f"{PIPELINES}_{type_id}")
        if rows is None:
            return None
        found += [
            Pipeline(
                entity, str(row["id"]), str(row.get("name") or row["id"]), _number(row.get("sort")),
                row.get("isDefault") == "Y",
            )
            for row in rows
            if row.get("id") is not None
        ]  # fmt: skip
    return found


def _labels(
    statuses: Iterable[Mapping[str, Any]], described: Mapping[str, tuple[Any, Any]], language: str
) -> list[Label]:
    """Options of custom lists, and entries of directories by the fields that refer to them.

    Each in the language it was asked for in, and as `''`: whatever there is, for views."""
    directories: dict[str, list[tuple[str, str]]] = {}
    for row in statuses:
        if isinstance(code := row.get("STATUS_ID"), str) and code:
            entry = (code, str(row.get("NAME") or code))
            directories.setdefault(str(row.get("ENTITY_ID") or ""), []).append(entry)
    found: dict[tuple[str, str, str], str] = {}
    for entity, (fields, customs) in described.items():
        inner = fields.get("fields", fields) if isinstance(fields, dict) else {}
        for name, about in section(inner).items():
            if not isinstance(about, dict):
                continue
            upper = about.get("upperName")
            column = (upper if isinstance(upper, str) and upper else name).lower()
            options = [
                *_options(about.get("items")),
                *directories.get(str(about.get("statusType") or ""), ()),
            ]
            found |= {(entity, column, id): text for id, text in options}
        for row in section(customs).values():
            if isinstance(row, dict) and isinstance(custom := row.get("FIELD_NAME"), str):
                found |= {(entity, custom.lower(), id): text for id, text in _options(row.get("LIST"))}
    return [
        Label(entity, column, id, text, lang)
        for (entity, column, id), text in found.items()
        for lang in ("", language)
    ]


def _options(entries: Any) -> list[tuple[str, str]]:
    return [
        (str(one["ID"]), str(one.get("VALUE") or one["ID"]))
        for one in section(entries).values()
        if isinstance(one, dict) and one.get("ID") not in (None, "")
    ]


def _currencies(results: Mapping[str, Any]) -> list[Currency] | None:
    rows = _rows(results, CURRENCIES)
    if rows is None:
        return None
    found = []
    for row in rows:
        code, rate = row.get("CURRENCY"), _rate(row)
        if isinstance(code, str) and code and rate is not None:
            found.append(Currency(code, str(row.get("FULL_NAME") or code), rate, row.get("BASE") == "Y"))
    return found


def _rate(row: Mapping[str, Any]) -> str | None:
    """The price of one unit in the base currency: AMOUNT is that of AMOUNT_CNT units."""
    try:
        rate = Decimal(str(row.get("AMOUNT"))) / Decimal(str(row.get("AMOUNT_CNT") or 1))
    except (InvalidOperation, ZeroDivisionError):
        return None
    return format(rate, "f") if rate.is_finite() and abs(rate.adjusted()) < 40 else None


def _pages(results: Mapping[str, Any], name: str) -> list[list[Any]]:
    """The pages of a list that came, in their order, up to the first that did not."""
    found: list[list[Any]] = []
    while (rows := rows_of(results.get(f"{name}_{len(found)}"))) is not None:
        found.append(rows)
    return found


def _all(results: Mapping[str, Any], name: str) -> list[Mapping[str, Any]] | None:
    """All rows of a list; None when not every page of them came."""
    pages = _pages(results, name)
    if not pages or len(pages[-1]) >= PAGE:
        return None
    return [row for rows in pages for row in rows if isinstance(row, dict)]


def _departments(results: Mapping[str, Any]) -> list[Department] | None:
    rows = _all(results, DEPARTMENTS)
    if rows is None:
        return None
    return [
        Department(
            str(row["ID"]), str(row.get("NAME") or row["ID"]), _id(row.get("PARENT")),
            _id(row.get("UF_HEAD")), _number(row.get("SORT")),
        )
        for row in rows
        if row.get("ID") not in (None, "")
    ]  # fmt: skip


def _id(value: Any) -> str | None:
    return str(value) if value not in (None, "", 0, "0", False) else None


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.lstrip("-").isdecimal() and text.isascii() and len(text) < 10 else 0
