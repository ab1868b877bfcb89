"""Which database: the embedded server, or one that settings name; its schema, its administrator."""

import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

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


def given(settings: Settings, name: str) -> str | None:
    """The address of a database that this setting holds, encrypted where it leads over a network; or none."""
    kept: SecretStr | None = getattr(settings, name)
    return (
        None if kept is None else address.secured(kept.get_secret_value(), name=f"HEADWATER_{name.upper()}")
    )


def database(settings: Settings) -> tuple[str, str | None]:
    """Where our processes log in, and the same past a pooler."""
    direct = given(settings, "database_direct_url")
    if (app := given(settings, "database_url")) is not None:
        return app, direct
    if (admin := given(settings, "admin_database_url")) is not None:
        password = _app_password(settings.home, create=False)
        return address.with_login(admin, APP, password), direct
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
    own = server.url(server.superuser, DATABASE)
    if migrate.behind(own):
        migrate.migrate(own)
    return server.url(APP, DATABASE), None


def migrated(settings: Settings) -> tuple[str | None, str]:
    """Brings the database to this program's schema; returns the revisions (before, after)."""
    if (admin := given(settings, "admin_database_url")) is not None:
        return migrate.migrate(admin, app_password=app_password_of(settings))
    if settings.database_url is not None:
        raise NeedsPerson(
            "migrate needs a login that may create roles and schemas: give it in HEADWATER_ADMIN_DATABASE_URL"
        )
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
    return migrate.migrate(server.url(server.superuser, DATABASE))


def administrator(settings: Settings) -> str:
    """The address of a login that may make other logins. Never hw_app's."""
    if (admin := given(settings, "admin_database_url")) is not None:
        return admin
    if settings.database_url is not None:
        raise NeedsPerson(
            "logins are made by one that may create roles: give it in HEADWATER_ADMIN_DATABASE_URL"
        )
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
    return server.url(server.superuser, DATABASE)


def _password_in(app: str) -> str | None:
    """The password with which hw_app logs in by this address; the server is to know the same."""
    parts = address.parsed(app)
    return parts.get("password") if parts.get("user") == APP else None


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
    """The password that hw_app is to have on a server given by its administrator's address: that of its own
    address, where one is given; else one that is kept in the data home."""
    if settings.admin_database_url is None:
        return None
    app = given(settings, "database_direct_url") or given(settings, "database_url")
    return _app_password(settings.home, create=True) if app is None else _password_in(app)


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


def psql_command(settings: Settings) -> tuple[list[str], dict[str, str]]:
    """The command line of an interactive psql on whatever database is in use, and what its environment needs:
    a password is seen there by nobody else."""
    if embeds(settings):
        embedded.ensure(settings.home, bindir=settings.pg_bindir)
        return embedded.psql(settings.home), {}
    admin = given(settings, "admin_database_url") or given(settings, "database_url")
    program = shutil.which("psql")
    if program is None or admin is None:
        raise NeedsPerson("there is no psql on the PATH: install PostgreSQL's client")
    password = address.parsed(admin).get("password")
    return [program, address.shown(admin)], {"PGPASSWORD": password} if password else {}
