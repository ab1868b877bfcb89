"""What `headwater doctor` looks at in the database: rights, row security, settings, and what holds it up."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from headwater.core.ports import Clock
from headwater.sync.checkup import Check, judged
from headwater.sync.report import TenantReport
from headwater.warehouse import examination
from headwater.warehouse.examination import Examined, Stuck
from headwater.warehouse.facts import Facts, Line, facts, line
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.schema import wanted

SKEW_SECONDS = 30
HELD_SECONDS = 300.0
LONG = timedelta(hours=6)
SPARE_CONNECTIONS = 10
ROLES = frozenset({"hw_owner", "hw_app", "hw_fix", "hw_reader", "hw_query"})


async def database_checks(warehouse: Warehouse, clock: Clock, *, pool: int) -> list[Check]:
    """What it is, whose rights are as they must be, what endangers it or holds it up."""
    known, found = await facts(warehouse), await examination.examined(warehouse)
    way = await line(warehouse)
    stuck = await examination.stuck(warehouse, long=clock.now() - LONG)
    return [
        *_of_facts(known, abs((known.now - clock.now()).total_seconds())),
        encryption(way),
        _roles(found),
        _row_security(found),
        _grants(found),
        _settings(found, pool),
        _prepared(found),
        _work(stuck),
    ]


async def feed_check(warehouse: Warehouse, report: TenantReport, *, now: datetime) -> Check:
    """Whether somebody's transaction holds the feed of a tenant's changes back."""
    seconds = await examination.held_seconds(warehouse, report.tenant, now=now)
    return judged(
        "feed", f"changes wait for {seconds / 60:,.0f} minutes" if seconds > HELD_SECONDS else "",
        "nothing holds it back",
        why="feeds tell nothing that an older transaction could come before",
        remedy="as an administrator: select pid, usename, xact_start, query from pg_stat_activity where "
        "backend_xid is not null order by xact_start; then select pg_terminate_backend(PID)",
    )  # fmt: skip


def _of_facts(known: Facts, skew: float) -> Iterator[Check]:
    size = f"PostgreSQL {known.version}, {known.bytes / 1e6:,.0f} MB, {known.encoding}"
    yield Check("database", f"{size}, schema {wanted()}")
    yield judged(
        "Cyrillic", "" if known.knows_cyrillic else "not known as letters", "letters",
        why="search and sorting know Russian words by the database's locale",
        remedy="create the database anew with LC_CTYPE C.UTF-8 or another UTF-8 locale",
    )  # fmt: skip
    apart = f"{skew:.0f} s between this machine and the database"
    yield judged(
        "clock", apart if skew >= SKEW_SECONDS else "", apart,
        why="what is due, what expires and how old data is are told by clocks",
        remedy="set both clocks by NTP",
    )  # fmt: skip


def encryption(way: Line) -> Check:
    """Whether somebody on the way to the database could read along, or take its place."""
    why = "everything that is read and stored goes this way"
    if way.local:
        return Check("encryption", "not needed: the database is on this machine", why=why)
    proven = (
        "the server is proven" if way.proven else "the server is not proven: sslrootcert names its authority"
    )
    return judged(
        "encryption", "" if way.encrypted else "none, over a network", f"TLS; {proven}", why=why,
        remedy="switch TLS on in the server and take sslmode=disable out of the address",
    )  # fmt: skip


def _roles(found: Examined) -> Check:
    why, fine = "tenants are kept apart by what these roles may and may not", "as they must be"
    too_much = {"hw_owner": found.owner_unbound, "hw_app": found.app_unbound}
    unbound = [name for name, is_so in too_much.items() if is_so]
    if unbound:
        return judged(
            "roles", f"may too much: {', '.join(unbound)}", fine, why=why,
            remedy="as an administrator: alter role hw_app noinherit nosuperuser nobypassrls; "
            "alter role hw_owner nosuperuser nobypassrls",
        )  # fmt: skip
    missing = ", ".join(sorted(ROLES - set(found.roles)))
    trouble = f"missing: {missing}" if missing else ""
    if not trouble and not found.app_may_alter:
        trouble = "hw_app is no member of hw_owner"
    return judged(
        "roles", trouble, fine, why=why, mend="migrate",
        remedy="run `headwater migrate`: it makes roles and memberships",
    )  # fmt: skip


def _row_security(found: Examined) -> Check:
    why = "without it every tenant's login could see these rows"
    if found.unpoliced:
        return Check(
            "row security", f"no policy on {', '.join(found.unpoliced)}",
            "restore the database from a backup: no migration leaves a table like this", why,
        )  # fmt: skip
    off = ", ".join(found.unsecured)
    return judged(
        "row security", off and f"switched off on {off}", "on, for every table of tenants", why=why,
        mend="secure", remedy="switch it on: headwater doctor --mend",
    )  # fmt: skip


def _grants(found: Examined) -> Check:
    closed = ", ".join(found.ungranted)
    return judged(
        "grants", closed and f"hw_app may not write {closed}", "hw_app may what it needs",
        why="a restore without roles loses grants, and nothing can be stored then",
        mend="secure", remedy="grant it: headwater doctor --mend",
    )  # fmt: skip


def _settings(found: Examined, pool: int) -> Check:
    wrong = list(found.settings)
    if found.connections < pool + SPARE_CONNECTIONS:
        wrong.append(f"max_connections = {found.connections}, for a pool of {pool} in each process")
    return judged(
        "settings", "; ".join(wrong), "safe",
        why="what was committed must be there after a power cut, and our connections must find room",
        remedy="put them right in postgresql.conf (of the embedded server: postgresql.user.conf), restart it",
    )  # fmt: skip


def _prepared(found: Examined) -> Check:
    minutes = f"a prepared transaction is {found.prepared_seconds / 60:,.0f} minutes old"
    return judged(
        "prepared", minutes if found.prepared_seconds > HELD_SECONDS else "", "none is left over",
        why="feeds tell nothing that an older transaction could come before, and vacuum waits",
        remedy="as an administrator: select gid, prepared from pg_prepared_xacts; rollback prepared 'GID'",
    )  # fmt: skip


def _work(stuck: Sequence[Stuck]) -> Check:
    named = [(one.dead, f"{one.kind} of {one.connection or 'the house'}") for one in stuck]
    dead = ", ".join(name for is_dead, name in named if is_dead)
    long = ", ".join(name for is_dead, name in named if not is_dead)
    if dead:
        return judged(
            "work", f"held by dead workers: {dead}", "", mend="free",
            why="a worker that lives frees it within a second", remedy="free it: headwater doctor --mend",
        )  # fmt: skip
    return judged(
        "work", long and f"under way for hours: {long}", "nothing is stuck",
        why="one piece of work of a connection keeps its others waiting",
        remedy="look into the worker's log; stopping it lets another go on from the last stored page",
    )  # fmt: skip
