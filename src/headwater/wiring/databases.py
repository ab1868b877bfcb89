"""Which database: the embedded server, or one that settings name; its schema, its administrator."""

import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from headwater.core.errors import NeedsPerson
from headwater.core.settings import Settings
from headwater.warehouse import address, embedded, migrate
from headwater.warehouse.embedded import Status
from headwater.wiring.beside import beside

DATABASE = "headwater"
APP = "hw_app"


def embeds(settings: Settings) -> bool:
    """Whether the database is the embedded one."""
    return settings.database_url is None and settings.admin_database_url is None


def database(settings: Settings) -> tuple[str, str | None]:
    """Where our processes log in, and the same past a pooler."""
    direct = settings.database_direct_url.get_secret_value() if settings.database_direct_url else None
    if settings.database_url is not None:
        return settings.database_url.get_secret_value(), direct
    if settings.admin_database_url is not None:
        password = _app_password(settings.home, create=False)
        admin = settings.admin_database_url.get_secret_value()
        return address.with_login(admin, APP, password), direct
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
    admin = server.url(server.superuser, DATABASE)
    if migrate.behind(admin):
        migrate.migrate(admin)
    return server.url(APP, DATABASE), None


def migrated(settings: Settings) -> tuple[str | None, str]:
    """Brings the database to this program's schema; returns the revisions (before, after)."""
    if settings.admin_database_url is not None:
        admin = settings.admin_database_url.get_secret_value()
        return migrate.migrate(admin, app_password=app_password_of(settings))
    if settings.database_url is not None:
        raise NeedsPerson(
            "migrate needs a login that may create roles and schemas: give it in HEADWATER_ADMIN_DATABASE_URL"
        )
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
    return migrate.migrate(server.url(server.superuser, DATABASE))


def administrator(settings: Settings) -> str:
    """The address of a login that may make other logins. Never hw_app's."""
    if settings.admin_database_url is not None:
        return settings.admin_database_url.get_secret_value()
    if settings.database_url is not None:
        raise NeedsPerson(
            "logins are made by one that may create roles: give it in HEADWATER_ADMIN_DATABASE_URL"
        )
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
    return server.url(server.superuser, DATABASE)


def _app_password(home: Path, *, create: bool) -> str:
    """The password of hw_app on a server given by its administrator's address; kept in the data home."""
    path = home / "hw_app.password"
    if not path.exists():
        if not create:
            raise NeedsPerson(
                "this database has not been prepared from this data home: run `headwater migrate`"
            )
        home.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


def app_password_of(settings: Settings) -> str | None:
    """The password that hw_app is to have on a server given by its administrator's address alone."""
    if settings.admin_database_url is None or settings.database_url is not None:
        return None
    return _app_password(settings.home, create=True)


def start_database(settings: Settings, *, tcp: bool = False) -> str:
    """Starts the embedded server (or joins the running one) and returns its address."""
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir, tcp=tcp)
    return server.tcp_url() if tcp else server.url()


def stop_database(settings: Settings) -> bool:
    """Stops the embedded server; False when it was not running."""
    return embedded.stop(settings.home)


@asynccontextmanager
async def attended(settings: Settings) -> AsyncIterator[None]:
    """Takes part in the embedded server's home: the last that leaves stops it, if one of them started it."""
    if not embeds(settings):
        yield
        return
    async with beside(embedded.attended(settings.home)):
        yield


def database_status(settings: Settings) -> Status:
    """How the embedded server is."""
    return embedded.status(settings.home)


def psql_command(settings: Settings) -> list[str]:
    """The command line of an interactive psql on whatever database is in use."""
    if embeds(settings):
        embedded.ensure(settings.home, bindir=settings.pg_bindir)
        return embedded.psql(settings.home)
    admin = settings.admin_database_url or settings.database_url
    program = shutil.which("psql")
    if program is None or admin is None:
        raise NeedsPerson("there is no psql on the PATH: install PostgreSQL's client")
    return [program, admin.get_secret_value()]
