"""The server of a data home after somebody was killed: nothing committed is lost, the next start works."""

import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import embedded

START = """
import sys
from pathlib import Path
from headwater.warehouse import embedded
embedded.ensure(Path(sys.argv[1]))
"""


def kill_server(home: Path) -> None:
    """kill -9 of the postmaster."""
    pid = embedded.status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_a_killed_server_keeps_what_was_committed_and_nothing_else(home: Path):
    server = embedded.ensure(home)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table deals as select generate_series(1, 1000) as id")
    hanging = psycopg.connect(server.url())
    hanging.execute("insert into deals select generate_series(1001, 2000)")

    kill_server(home)
    again = embedded.ensure(home)

    hanging.close()
    with psycopg.connect(again.url()) as connection:
        assert connection.execute("select count(*), max(id) from deals").fetchone() == (1000, 1000)


def test_a_statement_that_outlives_its_server_does_not_hold_up_the_next(home: Path):
    server = embedded.ensure(home)
    loop = [*embedded.psql(home), "-Xc", "do 'begin loop null; end loop; end'"]
    busy = subprocess.Popen(loop, stderr=subprocess.DEVNULL)
    try:
        with psycopg.connect(server.url(), autocommit=True) as watcher:
            while not watcher.execute("select from pg_stat_activity where query like 'do %loop%'").rowcount:
                assert busy.poll() is None

        kill_server(home)
        again = embedded.ensure(home, wait_seconds=30)

        assert again.running()
    finally:
        busy.kill()
        busy.wait()


def test_whenever_the_first_starter_is_killed_the_next_start_is_whole(tmp_path: Path):
    """Homes without binaries: their copying may be hit as well."""
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    for attempt in range(4):
        home = tmp_path / f"home{attempt}"
        starter = subprocess.Popen([sys.executable, "-c", START, str(home)], stdout=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            starter.wait(timeout=chance.uniform(0.2, 1.8))
        starter.kill()
        starter.wait()

        server = embedded.ensure(home)

        with psycopg.connect(server.url()) as connection:
            assert connection.execute("select 1").fetchone() == (1,), f"seed {seed}"
        assert not list(home.glob("data.new-*")), f"seed {seed}"
        embedded.stop(home)


def test_a_database_that_a_killed_starter_left_in_the_making_is_taken_over(home: Path):
    """Its backend goes on when the starter is gone: the next starter finds no database, and cannot make it."""
    server = embedded.ensure(home)
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        admin.execute("drop database headwater")
        left = psycopg.connect(server.url(database="postgres"), autocommit=True)
        left.pgconn.send_query(b"create database headwater")
        left.pgconn.flush()

        embedded.ensure(home)

        left.close()
        known = admin.execute("select count(*) from pg_database where datname = 'headwater'").fetchone()
    assert known == (1,)


def test_a_pid_file_that_names_another_living_process_is_stale(home: Path):
    server = embedded.ensure(home)
    file = home / "data" / "postmaster.pid"
    text = file.read_text().splitlines()
    embedded.stop(home)
    file.write_text("\n".join([str(os.getpid()), *text[1:]]) + "\n")
    server.socket.touch()
    server.socket.with_name(server.socket.name + ".lock").write_text(f"{os.getpid()}\n")

    again = embedded.ensure(home)

    assert again.running()


def test_a_server_that_somebody_else_started_is_not_touched(home: Path, tmp_path: Path):
    server = embedded.ensure(home)
    embedded.stop(home)
    not_root = ["unshare", "-U", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
    command = [
        *not_root,
        server.bindir / "postgres",
        "-D",
        home / "data",
        "-k",
        tmp_path,
        "-c",
        "listen_addresses=",
    ]
    by_hand = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while embedded.status(home).pid is None:
            assert by_hand.poll() is None

        with pytest.raises(NeedsPerson, match="did not start"):
            embedded.ensure(home)
        assert by_hand.poll() is None
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait()


def test_a_recovery_that_takes_too_long_goes_on_and_is_joined_later(home: Path):
    embedded.ensure(home)
    kill_server(home)

    with pytest.raises(RetryLater, match="not ready after 0 s"):
        embedded.ensure(home, wait_seconds=0)
    assert embedded.ensure(home).running()


def test_a_database_that_the_first_starter_could_not_create_is_created_by_the_next(home: Path):
    server = embedded.ensure(home)
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as connection:
        connection.execute("drop database headwater")

    embedded.ensure(home)

    with psycopg.connect(server.url()) as connection:
        assert connection.execute("select current_database()").fetchone() == ("headwater",)
