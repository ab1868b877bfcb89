"""What looks wrong in an entity, from what was counted: decided here, without a database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from headwater.analytics.profile.entities import Entity
from headwater.analytics.profile.fields import Found, Known
from headwater.analytics.profile.model import Doubt, Severity, Sight
from headwater.analytics.profile.values import Seen

IN_USE = 0.01
"""A field that fewer records have is not in use."""

SEVERITY: Mapping[str, Sequence[tuple[float, Severity]]] = {
    "missing_needed": ((0.5, "critical"), (0.05, "warning"), (0.0, "info")),
    "missing": ((0.05, "warning"), (0.0, "info")),
    "pseudo_null": ((0.05, "warning"), (0.0, "info")),
    "near_duplicate": ((0.01, "warning"), (0.0, "info")),
    "misspelt": ((0.1, "warning"), (0.0, "info")),
    "astray": ((0.01, "warning"), (0.0, "info")),
    "placeholder": ((0.05, "warning"), (0.0, "info")),
    "orphans": ((0.2, "critical"), (0.01, "warning"), (0.0, "info")),
    "future": ((0.01, "warning"), (0.0, "info")),
    "backwards": ((0.05, "warning"), (0.0, "info")),
    "worthless": ((0.5, "critical"), (0.05, "warning"), (0.0, "info")),
    "negative": ((0.0, "warning"),),
    "several_currencies": ((0.0, "info"),),
    "no_rate": ((0.0, "warning"),),
    "no_currency": ((0.0, "warning"),),
    "far_amounts": ((0.0, "info"),),
    "nights": ((0.5, "critical"), (0.0, "warning")),
    "undated": ((0.1, "critical"), (0.0, "warning")),
    "imported": ((0.9, "critical"), (0.0, "warning")),
    "gaps": ((0.0, "info"),),
    "stale": ((0.0, "info"),),
    "idle": ((0.5, "warning"), (0.0, "info")),
    "unused": ((0.0, "info"),),
    "unlooked": ((0.0, "warning"),),
}
"""How bad each kind is: the first line whose share of records is reached."""

NIGHTS, NIGHTS_OF = 0.2, 50
"""From so large a share of at least so many activities with a time of day, the time zone is doubtful."""

IMPORTED, IMPORTED_OF = 0.5, 100
STALE_DAYS, STALE_OF = 60, 50
GAPS_OF = 100
MOST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of an entity beside its fields. `checks`, `strays`, `amounts`, `idle`: rows of the
    statements of these names; `days`: records by day; `rates`: currencies that have one."""

    records: int
    looked_at: int
    today: date
    checks: Mapping[str, Any] = field(default_factory=dict)
    strays: Sequence[Mapping[str, Any]] = ()
    amounts: Sequence[Mapping[str, Any]] = ()
    idle: Sequence[Mapping[str, Any]] = ()
    days: Mapping[date | None, int] = field(default_factory=dict)
    rates: frozenset[str] = frozenset()
    peopled: frozenset[str] = frozenset()
    """Tables that hold anything: what names a record of another was not read, and is no stray."""


def doubt(
    kind: str,
    entity: str,
    count: int,
    of: int,
    *,
    field: str | None = None,
    as_kind: str | None = None,
    **more: Any,
) -> Doubt:
    """A doubt with its severity by the table; `as_kind`: by the line of that name."""
    share = count / of if of else 1.0
    severity = next(word for least, word in SEVERITY[as_kind or kind] if share >= least)
    return Doubt(kind, severity, entity, field, count, of, **more)


def of_fields(entity: Entity, found: Sequence[Found], looked_at: int) -> list[Doubt]:
    """Doubts about the values of single fields."""
    doubts: list[Doubt] = []
    for one in found:
        doubts += _of_values(entity.slug, one, looked_at)
    customs = [one for one in found if one.known.custom and one.known.described]
    unused = [one.known for one in customs if not one.profile.filled]
    if unused and looked_at:
        names = ", ".join(one.label[0] for one in unused[:MOST_PAIRS])
        doubts.append(doubt("unused", entity.slug, len(unused), len(customs), facts={"fields": names}))
    return doubts


def _of_values(entity: str, one: Found, looked_at: int) -> Iterable[Doubt]:
    name, known = one.profile.name, one.known
    if one.blanks:
        yield doubt(
            "pseudo_null", entity, sum(each.records for each in one.blanks), looked_at, field=name,
            pairs=[(_sight(entity, known, each), None) for each in one.blanks[:MOST_PAIRS]],
        )  # fmt: skip
    for kind in ("near_duplicate", "astray"):
        likes = [
            each
            for each in one.likes
            if each.other is not None and (each.book is not None) is (kind == "astray")
        ]
        if likes:
            pairs = [
                (_sight(entity, known, each.one), _other(entity, known, each.other, each.book))
                for each in likes[:MOST_PAIRS]
                if each.other is not None
            ]
            facts = {"pairs": len(likes), "book": likes[0].book or ""}
            yield doubt(
                kind,
                entity,
                sum(each.one.records for each in likes),
                looked_at,
                field=name,
                facts=facts,
                pairs=pairs,
            )
    for each in one.likes:
        if each.word is not None:
            yield doubt(
                "misspelt", entity, each.one.records, looked_at, field=name, facts={"word": each.word},
                pairs=[(_sight(entity, known, each.one), None)],
            )  # fmt: skip
    if one.filler is not None:
        yield doubt(
            "placeholder", entity, one.filler.records, looked_at, field=name,
            pairs=[(_sight(entity, known, one.filler), None)],
        )  # fmt: skip


def _sight(entity: str, known: Known, seen: Seen) -> Sight:
    value = seen.shown if known.open else None
    return Sight(entity, known.where, known.name, seen.example, value)


def _other(entity: str, known: Known, other: Seen, book: str | None) -> Sight:
    return Sight(book, "column", "name", other.example) if book else _sight(entity, known, other)


def of_filling(entity: Entity, filled: Mapping[str, int], looked_at: int) -> list[Doubt]:
    """Fields that people fill in some records, and not in others. Of a group that is filled by one field
    alone, only that field is told."""
    found: list[Doubt] = []
    for one in sorted(entity.filled, key=lambda each: len(each.columns)):
        missing = looked_at - filled.get(one.name, 0)
        unused = filled.get(one.name, 0) < looked_at * IN_USE and not one.needed
        told = any(each.count == missing and each.field in one.columns for each in found)
        if missing > 0 and not unused and not told:
            line = "missing_needed" if one.needed else "missing"
            found.append(doubt("missing", entity.slug, missing, looked_at, field=one.name, as_kind=line))
    return found


def of_records(entity: Entity, counted: Counted) -> list[Doubt]:
    """Doubts about whole records: what they name, when they were, what they are worth, who has none."""
    rules = (_checked, _strays, _money, _times, _idle)
    return [one for rule in rules for one in rule(entity, counted)]


def _checked(entity: Entity, counted: Counted) -> Iterable[Doubt]:
    checks = counted.checks
    for kind, of in (
        ("future", "records"), ("backwards", "records"), ("worthless", "won"), ("negative", "records"),
    ):  # fmt: skip
        if checks.get(kind):
            example = checks.get(f"{kind}_example")
            yield doubt(kind, entity.slug, checks[kind], checks[of], records=[example] if example else [])
    timed, nightly = checks.get("timed") or 0, checks.get("nightly") or 0
    if timed >= NIGHTS_OF and nightly >= timed * NIGHTS:
        yield doubt("nights", entity.slug, nightly, timed, field=entity.at)


def _strays(entity: Entity, counted: Counted) -> Iterable[Doubt]:
    tables = {one.column: one.table for one in entity.references}
    for row in counted.strays:
        target = tables[row["field"]]
        if row["records"] and target in counted.peopled:
            yield doubt(
                "orphans", entity.slug, row["records"], counted.looked_at, field=row["field"],
                facts={"different": row["different"], "target": target.removeprefix("crm_")},
                records=[row["example"]],
            )  # fmt: skip


def _money(entity: Entity, counted: Counted) -> Iterable[Doubt]:
    if entity.money is None:
        return
    whole = sum(row["records"] for row in counted.amounts)
    named = [row for row in counted.amounts if row["currency"]]
    nameless = whole - sum(row["records"] for row in named)
    if nameless:
        yield doubt("no_currency", entity.slug, nameless, whole, field=entity.money)
    if len(named) > 1:
        others = sum(row["records"] for row in named[1:])
        facts = {"currencies": ", ".join(row["currency"] for row in named[:MOST_PAIRS])}
        yield doubt("several_currencies", entity.slug, others, whole, field="currency", facts=facts)
        bare = [row for row in named if row["currency"] not in counted.rates]
        if bare:
            facts = {"currencies": ", ".join(row["currency"] for row in bare[:MOST_PAIRS])}
            count = sum(row["records"] for row in bare)
            yield doubt("no_rate", entity.slug, count, whole, field="currency", facts=facts)
    for row in counted.amounts:
        if row["far"] and row["records"] >= 30:
            yield doubt(
                "far_amounts", entity.slug, row["far"], row["records"], field=entity.money,
                facts={"middle": row["middle"], "currency": row["currency"] or "–"}, records=[row["example"]],
            )  # fmt: skip


def _times(entity: Entity, counted: Counted) -> Iterable[Doubt]:
    dated = {day: count for day, count in counted.days.items() if day is not None}
    if undated := counted.days.get(None, 0):
        yield doubt("undated", entity.slug, undated, counted.records, field=entity.at)
    if not dated or entity.timeless:
        return
    whole = sum(dated.values())
    busiest = max(dated, key=lambda day: (dated[day], day))
    if whole >= IMPORTED_OF and dated[busiest] >= whole * IMPORTED:
        facts = {"day": busiest.isoformat()}
        yield doubt("imported", entity.slug, dated[busiest], whole, field=entity.at, facts=facts)
    past = [day for day in dated if day <= counted.today]
    if whole >= GAPS_OF and (missing := gaps(past)):
        facts = {"months": ", ".join(missing[:MOST_PAIRS])}
        yield doubt("gaps", entity.slug, len(missing), len(missing), field=entity.at, facts=facts)
    if whole >= STALE_OF and past and (counted.today - max(past)).days > STALE_DAYS:
        days = (counted.today - max(past)).days
        facts = {"day": max(past).isoformat()}
        yield doubt("stale", entity.slug, days, days, field=entity.at, facts=facts)


def gaps(days: Iterable[date]) -> list[str]:
    """Months without a record between the first and the last."""
    months = {(day.year, day.month) for day in days}
    if not months:
        return []
    first, last = min(months), max(months)
    between = range(first[0] * 12 + first[1] - 1, last[0] * 12 + last[1])
    return [f"{one // 12:04}-{one % 12 + 1:02}" for one in between if (one // 12, one % 12 + 1) not in months]


def _idle(entity: Entity, counted: Counted) -> Iterable[Doubt]:
    """People without a deal, where others of the same position have some."""
    if entity.slug != "deals":
        return
    for row in counted.idle:
        if 0 < row["idle"] < row["people"]:
            yield doubt(
                "idle", entity.slug, row["idle"], row["people"], field="assigned_to",
                facts={"position": row["position"] or "–"}, records=row["ids"],
            )  # fmt: skip
