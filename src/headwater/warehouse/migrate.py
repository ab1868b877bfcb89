"""Brings a database to the schema this version of the program expects."""

from importlib.resources import files
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse.address import advice
from headwater.warehouse.schema import OLDEST_SERVER, wanted

HERE = Path(str(files(__package__))) / "migrations"
LOCK = 0x4857_0001  # one migration at a time in one database


def migrate(
    admin_url: str, *, app_password: str | None = None, to: str | None = None
) -> tuple[str | None, str]:
    """Applies what is missing, as a login that may create roles and schemas; returns (before, after).

    `to` names an earlier revision to end at: for an older program, and for tests of the later ones.
    `app_password` is given to hw_app (servers reached over a network need one). Safe to run from several
    processes at once: the second waits and finds nothing to do.
    """
    try:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            _ready(admin)
            admin.execute("select pg_advisory_lock(%s)", [LOCK])
            admin.execute(_text("roles.sql"))
            admin.execute(_text("database.sql"))
            if app_password:
                query = psycopg.sql.SQL("alter role hw_app password {}")
                admin.execute(query.format(psycopg.sql.Literal(app_password)))
            done = _upgrade(admin_url, before=_revision(admin), to=to or wanted())
            if done[1] == wanted():
                admin.execute(_text("supabase.sql"))
            return done
    except psycopg.OperationalError as exc:
        raise NeedsPerson(f"migrate: cannot reach the database: {advice(exc)}") from exc
    except psycopg.errors.InsufficientPrivilege as exc:
        raise NeedsPerson(
            f"migrate: this login may not do it ({exc.diag.message_primary}). "
            "Give HEADWATER_ADMIN_DATABASE_URL a login that may create roles and schemas."
        ) from exc


def make_roles(admin_url: str) -> None:
    """The roles of every database of ours, where the server does not have them yet."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(_text("roles.sql"))


def behind(url: str) -> bool:
    """Whether the database lacks migrations that this program carries."""
    try:
        with psycopg.connect(url, autocommit=True) as conn:
            return _revision(conn) != wanted()
    except psycopg.OperationalError as exc:
        raise RetryLater(f"the database does not answer: {advice(exc)}") from exc


def _upgrade(admin_url: str, *, before: str | None, to: str) -> tuple[str | None, str]:
    # Half a second to import, and only migrations need it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine, pool  # noqa: PLC0415

    def connect() -> Any:
        return psycopg.connect(admin_url, options="-c role=hw_owner -c client_min_messages=warning")

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=pool.NullPool)
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    engine.dispose()
    return before, to


def _ready(admin: psycopg.Connection[Any]) -> None:
    if admin.info.server_version < OLDEST_SERVER:
        raise NeedsPerson(
            f"migrate: the server is PostgreSQL {admin.info.server_version // 10000}; "
            "Headwater needs 15 or newer."
        )
    row = admin.execute(
        "select pg_encoding_to_char(encoding) from pg_database where datname = current_database()"
    )
    if row.fetchone() != ("UTF8",):
        raise NeedsPerson(
            "migrate: the database is not in UTF8; create one with `createdb -E UTF8 -T template0`."
        )


def _revision(admin: psycopg.Connection[Any]) -> str | None:
    found = admin.execute("select to_regclass('headwater.migrations') is not null").fetchone()
    if found != (True,):
        return None
    row = admin.execute("select version_num from headwater.migrations").fetchone()
    return None if row is None else str(row[0])


def _text(name: str) -> LiteralString:
    return (HERE / name).read_text(encoding="utf-8")
