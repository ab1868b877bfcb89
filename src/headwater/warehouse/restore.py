"""Brings a copy back: beside what is there, compared row by row with its manifest, then in its place."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.sql import Literal as Quoted

from headwater.core.errors import NeedsPerson, RetryLater, StopSync
from headwater.warehouse import address, backup, fingerprints, migrate, sql
from headwater.warehouse.manifest import Manifest, Role
from headwater.warehouse.pool import Connection
from headwater.warehouse.programs import said
from headwater.warehouse.schema import wanted

MAINTENANCE = "postgres"
LOCK = 0x4857_0002  # one restore of a database at a time
GROWTH = 1.2
LATENT = 17  # servers from here on know all that a new pg_restore says to them
READERS_SETTINGS = (
    "default_transaction_read_only",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
)
LEAVING_SECONDS = 1
FAST = {"maintenance_work_mem": "256MB", "synchronous_commit": "off"}
"""Of the sessions that read a copy in; until it is whole nobody relies on it."""

Step = Literal["checking", "reading", "comparing", "migrating"]
State = Literal["absent", "empty", "filled"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a copy goes: `address` logs in as an administrator and names the database, which need not be
    there. `data`: the folder of the server's data, if it is on this machine."""

    address: str
    bindir: Path
    data: Path | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `era`: of the ordered feeds, from now on. `revision`: of the schema, from and to.
    `kept`: what the database is called that was there before. `logins`: those for BI tools that were made
    again and have no password; `foreign`: roles that the server had, which may do here what they might."""

    manifest: Manifest
    era: int
    revision: tuple[str, str]
    kept: str | None
    logins: Sequence[str]
    foreign: Sequence[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """`replace`: what is there may be put aside. `as_it_was`: the schema stays that of the copy, for an older
    program. `passwords` (encrypted) are given to roles that are made;
    `app_password` to hw_app. `told` hears of each step."""

    replace: bool = False
    as_it_was: bool = False
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    app_password: str | None = field(default=None, repr=False)
    told: Callable[[Step], None] = lambda _: None


async def restore(target: Target, copy: Path, terms: Terms, *, now: datetime) -> Restored:
    """The copy under the target's name, every row of it compared.

    It is read into a database of its own, which takes the name in the end. Whoever is killed on the way
    leaves `<name>_restoring` behind and the name untouched; the next restore begins anew. Raises NeedsPerson
    when the name holds data and is not to be replaced, the copy or the server is unfit; RetryLater when
    somebody works in the database; StopSync when what was read in is not what was copied.
    """
    name = address.database_of(target.address)
    making = f"{name[:48]}_restoring"
    async with _maintaining(target) as admin:
        found = await _fit(target, copy, admin, terms)
        state = await _state(target, admin, name)
        if state == "filled" and not terms.replace:
            raise NeedsPerson(
                f"the database {name!r} holds data: restore into an empty one, or say --replace, which keeps "
                "it beside under another name"
            )
        await _unused(admin, name)
        made, foreign = await _read_in(target, copy, found, admin, making, terms)
        there = address.with_database(target.address, making)
        terms.told("comparing")
        await _compared(there, found, making)
        terms.told("migrating")
        era = await _new_era(there)
        to = found.revision if terms.as_it_was else None
        before, after = await asyncio.to_thread(
            migrate.migrate, there, app_password=terms.app_password, to=to
        )
        kept = await _switched(admin, name, making, state, now)
    logins = [role.name for role in made if role.reader and role.name not in terms.passwords]
    return Restored(found, era, (before or "", after), kept, logins, foreign)


async def rehearse(target: Target, copy: Path, terms: Terms) -> Manifest:
    """Reads a copy into a database of its own, compares every row, drops it again. Raises as `restore`."""
    making = f"{address.database_of(target.address)[:48]}_rehearsing"
    async with _maintaining(target) as admin:
        found = await _fit(target, copy, admin, terms)
        try:
            await _read_in(target, copy, found, admin, making, terms)
            terms.told("comparing")
            await _compared(address.with_database(target.address, making), found, making)
        finally:
            await admin.execute(_dropping(making))
    return found


async def passwords(admin_url: str) -> dict[str, str]:
    """What the server keeps of the passwords of roles, but its superuser's: for a move within one machine."""
    async with await psycopg.AsyncConnection.connect(admin_url) as conn:
        rows = await (await conn.execute(sql.role_passwords)).fetchall()
    return {str(name): str(secret) for name, secret in rows}


async def remains(target: Target) -> list[str]:
    """The databases that restores put aside, or did not finish."""
    name = address.database_of(target.address)
    async with await _connected(target) as admin:
        rows = await (await admin.execute(sql.databases_like, {"like": f"{name[:48]}\\_%"})).fetchall()
    return [str(row[0]) for row in rows if _is_ours(str(row[0]), name)]


async def forget(target: Target, database: str) -> None:
    """Drops one of the databases that `remains` names."""
    if database not in await remains(target):
        raise NeedsPerson(f"{database!r} is no database that a restore put aside")
    async with await _connected(target) as admin:
        await admin.execute(_dropping(database))


async def _fit(target: Target, copy: Path, admin: Connection, terms: Terms) -> Manifest:
    """The manifest of a copy that is whole and that this program and this server can take."""
    terms.told("checking")
    found = await backup.verified(copy, target.bindir)
    here = admin.info.server_version // 10000
    if here < found.major:
        raise NeedsPerson(
            f"{copy.name} comes from PostgreSQL {found.major} and this server is {here}: it goes into the "
            "same major version or a newer one"
        )
    if found.revision > wanted():
        raise NeedsPerson(
            f"{copy.name} is at schema {found.revision}, this program knows {wanted()}: upgrade the program"
        )
    row = await (await admin.execute(sql.may_create_databases)).fetchone()
    if row != (True,):
        raise NeedsPerson(
            "a copy is read into a database of its own first: HEADWATER_ADMIN_DATABASE_URL needs a login "
            "that may create databases and sees every row (a superuser, or createdb and bypassrls)"
        )
    if target.data is not None:
        backup.roomy(target.data, int(found.database_bytes * GROWTH))
    return found


async def _state(target: Target, admin: Connection, name: str) -> State:
    there = await admin.execute("select from pg_database where datname = %s", [name])
    if there.rowcount == 0:
        return "absent"
    async with await psycopg.AsyncConnection.connect(target.address, autocommit=True) as conn:
        row = await (await conn.execute("select to_regclass('headwater.tenants') is not null")).fetchone()
        asked = "select from headwater.tenants limit 1" if row == (True,) else sql.backup_tables
        return "filled" if (await conn.execute(asked)).rowcount else "empty"


async def _unused(admin: Connection, name: str) -> None:
    """Raises RetryLater when somebody works in the database; who just left may still be seen for a moment."""
    patience = time.monotonic() + LEAVING_SECONDS
    while (count := await _sessions(admin, name)) > 0:
        if time.monotonic() > patience:
            raise RetryLater(
                f"{count} sessions work in {name!r}: stop the service, the workers and whoever else reads it"
            )
        await asyncio.sleep(0.05)


async def _sessions(admin: Connection, name: str) -> int:
    row = await (await admin.execute(sql.sessions_of_database, {"database": name})).fetchone()
    return int(row[0]) if row else 0


async def _read_in(
    target: Target, copy: Path, found: Manifest, admin: Connection, making: str, terms: Terms
) -> tuple[list[Role], list[str]]:
    """A new database with everything of the copy; the roles that were made, and those that were there."""
    await admin.execute(_dropping(making))
    await admin.execute(
        SQL("create database {} template template0 encoding 'UTF8'").format(Identifier(making))
    )
    await asyncio.to_thread(migrate.make_roles, address.with_database(target.address, making))
    made, foreign = await _roles(admin, found.roles, terms.passwords)
    terms.told("reading")
    words = ["--jobs=2", "--no-password", f"--dbname={making}"]
    old = admin.info.server_version // 10000 < LATENT
    await said(
        target.bindir / "pg_restore", [*words, *([] if old else ["--exit-on-error"]), copy],
        address=target.address, settings=FAST, patient=old,
    )  # fmt: skip
    return made, foreign


async def _roles(
    admin: Connection, roles: Sequence[Role], passwords: Mapping[str, str]
) -> tuple[list[Role], list[str]]:
    """Makes the roles the server lacks: those for BI tools with their terms, others without a way in."""
    known = {row[0] for row in await (await admin.execute("select rolname::text from pg_roles")).fetchall()}
    made = [role for role in roles if role.name not in known]
    async with admin.transaction():
        for role in made:
            who = Identifier(role.name)
            if not role.reader:
                await admin.execute(SQL("create role {} nologin").format(who))
                continue
            await admin.execute(
                SQL("create role {} {} connection limit {} in role hw_reader").format(
                    who, SQL("login" if role.login else "nologin"), Quoted(role.connection_limit)
                )
            )
            for setting, _, value in (one.partition("=") for one in role.settings):
                if setting in READERS_SETTINGS:
                    words = SQL("alter role {} set {} = {}")
                    await admin.execute(words.format(who, Identifier(setting), Quoted(value)))
        for name, secret in passwords.items():
            if name in known or any(role.name == name for role in made):
                await admin.execute(SQL("alter role {} password {}").format(Identifier(name), Quoted(secret)))
    return made, [role.name for role in roles if role.name in known]


async def _compared(there: str, found: Manifest, making: str) -> None:
    """Raises StopSync when a row, or how far a sequence had come, is not what was copied."""
    words = fingerprints.differing(found.tables, await fingerprints.counted(there))
    async with await fingerprints.opened(there) as conn:
        here = dict(await (await conn.execute(sql.backup_sequences)).fetchall())
        await conn.execute("analyze")
    words += [f"{name} fell behind" for name, value in found.sequences.items() if here.get(name, -1) < value]
    if words:
        raise StopSync(
            f"what was read in is not what was copied, and nothing was replaced: {'; '.join(words[:5])}"
            f" ({len(words)} in all). It is in the database {making!r}, to be looked at"
        )


async def _new_era(there: str) -> int:
    """Transaction numbers start over in another server: what comes now is after everything that is there."""
    async with await psycopg.AsyncConnection.connect(there) as conn:
        await conn.execute("set local role hw_owner")
        row = await (await conn.execute(sql.raise_era)).fetchone()
    return int(row[0]) if row else 0


async def _switched(admin: Connection, name: str, making: str, state: State, now: datetime) -> str | None:
    """Gives the new database the name, in one transaction; what the old one is called, if it held data."""
    aside = f"{name[:40]}_before_{now.astimezone(UTC):%Y%m%dt%H%M%S}"
    rename = SQL("alter database {} rename to {}")
    try:
        async with admin.transaction():
            if state != "absent":
                await admin.execute(rename.format(Identifier(name), Identifier(aside)))
            await admin.execute(rename.format(Identifier(making), Identifier(name)))
    except psycopg.errors.ObjectInUse as exc:
        raise RetryLater(
            f"somebody works in {name!r} meanwhile ({exc.diag.message_detail}): stop that and do it again"
        ) from exc
    if state == "filled":
        return aside
    if state == "empty":
        await admin.execute(_dropping(aside))
    return None


def _is_ours(database: str, name: str) -> bool:
    ends = ("_restoring", "_rehearsing")
    return database in {f"{name[:48]}{end}" for end in ends} or database.startswith(f"{name[:40]}_before_")


def _dropping(database: str) -> Any:
    return SQL("drop database if exists {} with (force)").format(Identifier(database))


async def _connected(target: Target) -> Connection:
    return await psycopg.AsyncConnection.connect(
        address.with_database(target.address, MAINTENANCE),
        autocommit=True,
        application_name="headwater restore",
    )


@asynccontextmanager
async def _maintaining(target: Target) -> AsyncIterator[Connection]:
    """The administrator beside the database, and the only one who restores it."""
    with fingerprints.explained():
        async with await _connected(target) as admin:
            name = address.database_of(target.address)
            try:
                # The lock of one who was killed a moment ago is freed when the server notices: soon.
                await admin.execute("set lock_timeout = '3s'")
                await admin.execute("select pg_advisory_lock(%s, hashtext(%s))", [LOCK, name])
            except psycopg.errors.LockNotAvailable as exc:
                raise RetryLater(f"another restore of {name!r} is under way: wait for it") from exc
            yield admin
