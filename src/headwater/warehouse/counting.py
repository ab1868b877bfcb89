"""A question of figures as one statement: groups, the whole, amounts in one currency.

What is counted comes as declarations in SQL (analytics/data.py, analytics/metrics.py); whatever a person or a
model said is a bound parameter. Nothing of it becomes part of the statement's text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from psycopg.sql import SQL, Composable, Composed, Literal, Placeholder

from headwater.warehouse.question import (
    CELL,
    MOST_GROUPS,
    ROW,
    WHOLE,
    Condition,
    Key,
    Money,
    Part,
    Period,
    Question,
)

SIGNS: Mapping[str, LiteralString] = {
    "eq": "{0} = {1}",
    "ne": "{0} is distinct from {1}",
    "lt": "{0} < {1}",
    "lte": "{0} <= {1}",
    "gt": "{0} > {1}",
    "gte": "{0} >= {1}",
    "in": "{0} = any ({1})",
    "out": "({0} = any ({1})) is not true",
    "contains": "strpos(lower({0}), lower({1})) > 0",
}
DAYS: Mapping[str, LiteralString] = {
    "eq": "({0} >= {1} and {0} < {2})",
    "ne": "({0} >= {1} and {0} < {2}) is not true",
    "lt": "{0} < {1}",
    "lte": "{0} < {2}",
    "gt": "{0} >= {2}",
    "gte": "{0} >= {1}",
}
"""How a time compares with a day, which begins and ends."""

OWN_NUMBER: LiteralString = (
    "(case when jsonb_typeof(r.custom_fields -> {0}) = 'number' then (r.custom_fields ->> {0})::numeric end)"
)


def rendered(question: Question) -> tuple[Composed, dict[str, Any]]:
    """The statement of a question, and its parameters beside `tenant`."""
    params: dict[str, Any] = {"zone": question.zone}
    if question.connections is not None:
        params["connections"] = list(question.connections)
    money = any(part.money for part in question.parts)
    ctes: list[Composable] = []
    if money and question.display is not None:
        params["display"] = question.display
        ctes.append(FACTORS)
    ctes += [
        SQL("p{} as ({})").format(Literal(at), _grouped(part, at, question, params))
        for at, part in enumerate(question.parts)
    ]
    shown = _cut if all(len(part.keys) < 2 for part in question.parts) else _chosen
    ctes.append(SQL("cells as ({})").format(_cells(question)))
    statement = SQL("with {}\n{}").format(SQL(",\n").join(ctes), shown(question, params))
    return statement, params


FACTORS = SQL("""factors as materialized (
    select c.connection_id, c.id as currency,
           case when c.id = d.id then 1 when c.rate > 0 and d.rate > 0 then c.rate / d.rate end as factor,
           greatest(c.valid_from, d.valid_from) as valid_from,
           least(c.valid_until, d.valid_until) as valid_until,
           case when c.id <> d.id then greatest(c.assumed_before, d.assumed_before) end as assumed_before
      from public.v_currency_rates as c
      join public.v_currency_rates as d
        on d.tenant_id = c.tenant_id and d.connection_id = c.connection_id and d.id = %(display)s
       and d.valid_from < c.valid_until and c.valid_from < d.valid_until
     where c.tenant_id = %(tenant)s)""")
"""What one unit of each currency is in the displayed one, and when."""


def _grouped(part: Part, at: int, question: Question, params: dict[str, Any]) -> Composable:
    """A part's groups: of x and g, of x, and the whole; in each currency by itself."""
    wheres: list[Composable] = [SQL("r.tenant_id = %(tenant)s")] if part.tenanted else []
    wheres += [SQL(one) for one in part.wheres]
    if question.connections is not None:
        wheres.append(SQL("r.connection_id = any (%(connections)s::bigint[])"))
    wheres += [_condition(one, f"{at}_{number}", params) for number, one in enumerate(part.conditions)]
    relation: Composable = SQL(part.relation)
    if part.period is not None and part.spanned:
        relation = SQL(part.relation).format(**_span(part.period, at, params))
    elif part.period is not None:
        wheres += _within(part.period, at, params)
    joins: list[Composable] = [SQL(one) for one in part.joins]
    if part.money is not None:
        joins += _money(part.money, question.display)
    converted = part.by_currency and question.display is not None
    return SQL(
        "select {level} as level, {shown}, {currency} as currency,"
        " {formula} as value, {records} as records, {assumed} as assumed"
        "\n  from {relation}{joins}\n cross join lateral (select {keys}) as k{wheres}\n group by {groups}"
    ).format(
        level=SQL(LEVELS[len(part.keys)]),
        shown=_shown(part.keys),
        currency=SQL("m.currency" if part.by_currency else "null::text"),
        formula=_formula(part, at, params),
        records=_records(part),
        assumed=_records(part, " filter (where m.assumed)") if converted else SQL("0::bigint"),
        relation=relation,
        joins=SQL("").join(SQL("\n {}").format(one) for one in joins),
        keys=SQL(", ").join(_keys(part.keys, at, params)),
        wheres=SQL("\n where {}").format(SQL("\n   and ").join(wheres)) if wheres else SQL(""),
        groups=_sets(part.keys, money=part.by_currency),
    )


def _records(part: Part, choice: LiteralString = "") -> Composable:
    """How many records a group has, of that choice."""
    if part.weight is None:
        return SQL("count(*){}").format(SQL(choice))
    return SQL("coalesce(sum({}){}, 0)::bigint").format(SQL(part.weight), SQL(choice))


def _span(period: Period, at: int, params: dict[str, Any]) -> dict[str, Composable]:
    """The ends of a period, as days."""
    ends = {"since": period.since, "until": period.until}
    params |= {f"{name}{at}": day for name, day in ends.items()}
    return {name: SQL("{}::date").format(Placeholder(f"{name}{at}")) for name in ends}


NAMES: Sequence[LiteralString] = ("x", "g")
LEVELS: Sequence[LiteralString] = ("3", "case grouping(k.x) when 1 then 3 else 1 end", "grouping(k.x, k.g)")
"""How the level of a group is told, by the number of keys."""


def _shown(keys: Sequence[Key]) -> Composable:
    """The keys of groups, as text: rows are grouped by what is quicker to compare."""
    columns: list[LiteralString] = []
    for at, name in enumerate(NAMES):
        apart = at < len(keys) and keys[at].apart
        columns += [
            f"k.{name}_connection" if apart else f"null::bigint as {name}_connection",
            f"k.{name}::text as {name}" if at < len(keys) else f"null::text as {name}",
        ]
    return SQL(", ").join(map(SQL, columns))


def _sets(keys: Sequence[Key], *, money: bool) -> Composable:
    """What is grouped. Each set begins as the one before it ends short of: one sort serves all, where a sort
    is needed."""
    sets = []
    for used in range(len(keys), -1, -1):
        names: list[LiteralString] = ["m.currency"] * money
        for name, key in zip(NAMES, keys[:used], strict=False):
            names += [f"k.{name}_connection", f"k.{name}"] if key.apart else [f"k.{name}"]
        sets.append(SQL("({})").format(SQL(", ").join(map(SQL, names))))
    return SQL("grouping sets ({})").format(SQL(", ").join(sets))


def _keys(keys: Sequence[Key], at: int, params: dict[str, Any]) -> list[Composable]:
    columns: list[Composable] = []
    for name, key in zip(NAMES, keys, strict=False):
        value = _key(key, f"{at}_{name}", params)
        if key.apart:
            link = SQL("case when {} is not null then r.connection_id end").format(value)
            columns.append(SQL("{} as {}").format(link, SQL(f"{name}_connection")))
        columns.append(SQL("{} as {}").format(value, SQL(name)))
    return columns


def _key(key: Key, name: str, params: dict[str, Any]) -> Composable:
    column = SQL(key.column)
    if key.starts is not None:
        params[f"s{name}"] = list(key.starts)
        begins = "s::timestamp at time zone %(zone)s" if key.ticks else "s"
        return SQL("width_bucket({}, (select array_agg({} order by s) from unnest({}::date[]) as s))").format(
            column, SQL(begins), Placeholder(f"s{name}")
        )
    if key.local is not None:
        return SQL("extract({} from {} at time zone %(zone)s)::integer").format(SQL(key.local), column)
    if key.custom is not None:
        params[f"k{name}"] = key.custom
        return SQL("r.custom_fields ->> {}").format(Placeholder(f"k{name}"))
    return column


def _formula(part: Part, at: int, params: dict[str, Any]) -> Composable:
    if part.measured is None:
        return SQL(part.formula)
    params[f"m{at}"] = part.measured
    name = Placeholder(f"m{at}")
    return SQL(part.formula).format(SQL(OWN_NUMBER).format(name), name=name)


def _condition(one: Condition, name: str, params: dict[str, Any]) -> Composable:
    column: Composable = SQL(one.column)
    if one.custom is not None:
        params[f"c{name}"] = one.custom
        column = SQL(OWN_NUMBER if one.type == "numeric" else "r.custom_fields ->> {0}").format(
            Placeholder(f"c{name}")
        )
    if one.operator == "null":
        return SQL("{} is null" if one.value else "{} is not null").format(column)
    if one.ids is not None:
        params |= {f"l{name}": [link for link, _ in one.ids], f"i{name}": [id for _, id in one.ids]}
        among = SQL("(r.connection_id, {}) in (select * from unnest({}::bigint[], {}::text[]))").format(
            column, Placeholder(f"l{name}"), Placeholder(f"i{name}")
        )
        return among if one.operator == "in" else SQL("({}) is not true").format(among)
    params[f"v{name}"] = one.value
    many = one.operator in ("in", "out")
    value = SQL("{}::{}").format(Placeholder(f"v{name}"), SQL(one.type + ("[]" if many else "")))
    if one.type == "date":
        begins, ends = (
            SQL("(({} + {})::timestamp at time zone %(zone)s)").format(value, Literal(days))
            for days in (0, 1)
        )
        return SQL(DAYS[one.operator]).format(column, begins, ends)
    return SQL(SIGNS[one.operator]).format(column, value)


def _within(period: Period, at: int, params: dict[str, Any]) -> list[Composable]:
    found: list[Composable] = []
    for name, sign, day in (("since", ">=", period.since), ("until", "<", period.until)):
        if day is None:
            continue
        params[f"{name}{at}"] = day
        bound: Composable = SQL("{}::date").format(Placeholder(f"{name}{at}"))
        if name == "until" and period.cut_seconds:
            params[f"cut{at}"] = period.cut_seconds
            bound = SQL("({}::timestamp - {} * interval '1 second')").format(bound, Placeholder(f"cut{at}"))
        if period.ticks:
            bound = SQL("({}::timestamp at time zone %(zone)s)").format(bound)
        found.append(SQL("{} {} {}").format(SQL(period.clock), SQL(sign), bound))
    return found


def _money(money: Money, display: str | None) -> list[Composable]:
    """Joins that make `m` of a row: its amount in the displayed currency where there is a rate, otherwise in
    its own. Nothing is nothing in every currency: it needs no rate."""
    if display is None:
        return [
            SQL("cross join lateral (select {} as amount, coalesce({}, '') as currency) as m").format(
                SQL(money.amount), SQL(money.currency)
            )
        ]
    clock = SQL("now()") if money.clock is None else SQL("coalesce({}, now())").format(SQL(money.clock))
    return [
        SQL(
            "left join factors as f on f.connection_id = r.connection_id and f.currency = {}"
            " and {clock} >= f.valid_from and {clock} < f.valid_until"
        ).format(SQL(money.currency), clock=clock),
        SQL(
            "cross join lateral (select"
            " case when f.factor is null or f.factor = 1 then {0} else {0} * f.factor end as amount,"
            " case when f.factor is null and {0} <> 0 then coalesce({1}, '') else %(display)s::text end"
            " as currency,"
            " {2} < f.assumed_before and {0} <> 0 as assumed) as m"
        ).format(SQL(money.amount), SQL(money.currency), clock),
    ]


def _cells(question: Question) -> Composable:
    """The groups of all parts, one divided by the other where there are two."""
    columns = SQL("level, x_connection, x, g_connection, g, currency")
    if len(question.parts) == 1:
        value: Composable = SQL("value")
        if question.share:
            value = SQL(
                "value::numeric"
                " / nullif(sum(value) filter (where level = {}) over (partition by currency), 0)"
            ).format(Literal(WHOLE))
        return SQL("select {}, {} as value, records, assumed from p0").format(columns, value)
    return SQL(
        "select {0}, (coalesce(max(over), 0)::numeric / nullif(max(under), 0)) as value,"
        " sum(records)::bigint as records, sum(assumed)::bigint as assumed from"
        " (select {0}, value as over, null::numeric as under, records, assumed from p0"
        " union all select {0}, null, value, records, assumed from p1) as sides group by {0}"
    ).format(columns)


def _chosen(question: Question, params: dict[str, Any]) -> Composable:
    """The whole, the first groups by x in the order of their values, and all their cells."""
    return SQL(
        ", first as (select * from cells where level = {row} order by {order} limit {first})"
        "\nselect * from cells where level = {whole}\n union all select * from first"
        "\n union all select * from cells as c where level = {cell} and exists"
        " (select from first as f where f.x is not distinct from c.x"
        " and f.x_connection is not distinct from c.x_connection)\n limit {most}"
    ).format(
        row=Literal(ROW), whole=Literal(WHOLE), cell=Literal(CELL), order=_order(question, params),
        first=Literal(_first(question)), most=Literal(MOST_GROUPS + 1),
    )  # fmt: skip


def _cut(question: Question, params: dict[str, Any]) -> Composable:
    """The same where groups have no cells: then one look at them is enough."""
    if not any(part.keys for part in question.parts):
        return SQL("select * from cells")
    return SQL(
        "select level, x_connection, x, g_connection, g, currency, value, records, assumed"
        "\n  from (select *, row_number() over (partition by level order by {order}) as place"
        " from cells) as c"
        "\n where level = {whole} or place <= {first}\n order by level desc, place\n limit {most}"
    ).format(
        whole=Literal(WHOLE), order=_order(question, params), first=Literal(_first(question)),
        most=Literal(MOST_GROUPS + 1),
    )  # fmt: skip


def _order(question: Question, params: dict[str, Any]) -> Composable:
    shown = SQL("currency is distinct from %(display)s, ") if "display" in params else SQL("")
    way = SQL("desc" if question.descending else "asc")
    return SQL("{}value {} nulls last, x_connection, x").format(shown, way)


def _first(question: Question) -> int:
    return MOST_GROUPS + 1 if question.first is None else question.first
