"""How long what is kept: one list of rules, which a tenant may change for himself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier

from headwater.core.errors import NeedsPerson
from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

LONGEST = 36_500


class Rule(NamedTuple):
    """Rows of a table go so many days after their `moment`, if they are `over`; None: they stay for ever."""

    what: str
    table: str
    moment: str
    days: int | None
    over: LiteralString = ""


RULES: Sequence[Rule] = (
    Rule("logs", "sync_logs", "started_at", 90, " and t.status <> 'running'"),
    Rule("starts", "starts", "asked_at", 90, " and t.status in ('completed', 'failed')"),
    Rule("events", "inbox", "received_at", 30, " and t.applied_at is not null"),
    Rule("answers", "answers", "asked_at", 1),
    Rule("changes", "changes", "changed_at", 14),
    Rule("history", "history", "seen_at", None),
    Rule("gone", "gone", "gone_at", None),
    Rule("certificates", "certificates", "issued_at", None),
    Rule("access", "data_access_logs", "created_at", 365),
    Rule("counts", "erasures", "asked_at", 30, " and t.status = 'found'"),
)
"""What is kept for a time. Changes go by a statement of their own, since readers follow them; certificates of
erasures stay, since nobody's data is in them."""

Terms = Mapping[str, int | None]
"""Days by what is kept; None: for ever."""

HOUSE: Terms = {rule.what: rule.days for rule in RULES}


def known(what: str) -> str:
    """Raises NeedsPerson when nothing of that name is kept for a time."""
    if what not in HOUSE:
        raise NeedsPerson(f"there is no rule for {what!r}; there are: {', '.join(HOUSE)}")
    return what


async def own(warehouse: Warehouse, tenant: UUID) -> Terms:
    """What a tenant keeps otherwise than the house."""
    return {row["what"]: row["days"] for row in await warehouse.rows(tenant, sql.retention, {})}


async def keep(warehouse: Warehouse, tenant: UUID, what: str, days: int | None) -> None:
    """A tenant keeps something so many days; None: for ever."""
    if days is not None and not 1 <= days <= LONGEST:
        raise NeedsPerson(f"a time to keep something has 1 to {LONGEST} days, not {days}")
    await warehouse.rows(tenant, sql.put_retention, {"what": known(what), "days": days})


async def keep_as_house(warehouse: Warehouse, tenant: UUID, what: str) -> None:
    """A tenant keeps something as long as the house does."""
    await warehouse.rows(tenant, sql.drop_retention, {"what": known(what)})


async def forget(warehouse: Warehouse, tenant: UUID, terms: Terms, *, now: datetime) -> dict[str, int]:
    """Throws away what is older than a tenant keeps it; how many rows of what. Every rule is a commit."""
    gone = {}
    for rule in RULES:
        days = terms[rule.what]
        if days is None:
            continue
        params = {"tenant": tenant, "before": now - timedelta(days=days)}
        async with warehouse.acting_for(tenant) as conn:
            statement = _changes() if rule.what == "changes" else _old(rule)
            gone[rule.what] = (await conn.execute(statement, params)).rowcount
    return gone


def _changes() -> Composed:
    return Composed([SQL(sql.forget_changes)])


def _old(rule: Rule) -> Composed:
    return SQL(sql.forget_old).format(
        table=Identifier("headwater", rule.table), moment=Identifier(rule.moment), over=SQL(rule.over)
    )


async def drop_history(warehouse: Warehouse, *, before: datetime) -> list[str]:
    """Drops the partitions of the history of all months that ended before; of every tenant. Their names.

    They are locked for a moment; where somebody reads them for long, the next day tries again.
    """
    first_kept = f"history_{before:%Y_%m}"
    async with warehouse.connection() as conn:
        names = [row[0] for row in await (await conn.execute(sql.history_months)).fetchall()]
        old = [name for name in names if name < first_kept]
        for name in old:
            async with conn.transaction():
                await conn.execute("set local lock_timeout = '2s'")
                await conn.execute("set local role hw_owner")
                await conn.execute(SQL("drop table headwater.{}").format(Identifier(name)))
    return old
