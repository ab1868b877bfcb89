"""What people see of a typed table: the view of all its fields, and every column's label as its comment."""

from collections.abc import Sequence

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from headwater.core.model import Kind
from headwater.warehouse.columns import SQL_TYPES, Column, Plan

SHOWN = 1600  # PostgreSQL lets a query return 1,664


def everything(view: Identifier, table: Identifier, key_column: str, columns: Sequence[Column]) -> Composed:
    """Makes or replaces <table>_all: every field under its name, wherever it lives, removed ones too.

    Replacing keeps the grants and the views that stand on it, and is possible because columns only ever come
    at the end: ours are first, fields in the order of their positions (from the 1,601st on only in `_more`).
    """
    ours = SQL("tenant_id, connection_id, {}, _synced_at, _raw").format(Identifier(key_column))
    shown = [_shown(column) for column in columns[:SHOWN]]
    return SQL("create or replace view {} with (security_invoker = true) as select {} from {}").format(
        view, SQL(", ").join([ours, *shown]), table
    )


def _shown(column: Column) -> Composable:
    name, kept = Identifier(column.name), _kept(column)
    if column.real:
        return SQL("coalesce({}, {}) as {}").format(name, kept, name)
    return SQL("{} as {}").format(kept, name)


def _kept(column: Column) -> Composable:
    """The value in `_more`, where it is there in its typed form: a raw one may be no such thing."""
    key = Literal(column.name)
    if column.kind is Kind.JSON:
        value: Composable = SQL("(_more -> {})").format(key)
    else:
        value = SQL("(_more ->> {})").format(key)
    if column.kind not in (Kind.JSON, Kind.TEXT):
        value = SQL("{}::{}").format(value, SQL(SQL_TYPES[column.kind]))
    bounds = []
    if column.typed_from:
        bounds.append(SQL("_began >= {}").format(Literal(column.typed_from)))
    if not column.live and column.typed_until is not None:
        bounds.append(SQL("_began < {}").format(Literal(column.typed_until)))
    if not bounds:
        return value
    return SQL("case when {} then {} end").format(SQL(" and ").join(bounds), value)


def comments(view: Identifier, table: Identifier, plan: Plan) -> Composed | None:
    """Labels of the changed columns, on the table and on the view; None when nothing changed."""
    shown = {column.name for column in plan.columns[:SHOWN]}
    said = []
    for column in plan.changed:
        text = Literal(_label(column))
        places = [table] * column.real + [view] * (column.name in shown)
        said += [
            SQL("comment on column {}.{} is {}").format(place, Identifier(column.name), text)
            for place in places
        ]
    return SQL("; ").join(said) if said else None


def _label(column: Column) -> str:
    text = column.label or column.field
    if column.withheld:
        text += " (not kept in privacy mode analytics)"
    return f"{text} (removed in the source, seen {column.removed_at:%Y-%m-%d})" if column.removed_at else text
