"""The PostgreSQL server that lives in the data home: started by whoever needs it first, joined by the rest.

It is a service of the home, not of a process: it goes on when its starter ends, until `stop`.
"""

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from headwater.core import log
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse.embedded import asroot, binaries, cluster, postmaster
from headwater.warehouse.embedded import tcp as tcp_door
from headwater.warehouse.embedded.asroot import Account, Way
from headwater.warehouse.embedded.cluster import SUPERUSER
from headwater.warehouse.embedded.homedir import HomeDir, socket_dir
from headwater.warehouse.embedded.server import DATABASE, SOCKET_PORT, Server, answers, last, note

logger = log.get("warehouse")


@dataclass(frozen=True, slots=True)
class Status:
    """What can be said of a home's server; `version`, `socket` and `pid` are None when there is none."""

    running: bool
    version: str | None
    pid: int | None
    data_bytes: int
    socket: Path | None
    log: Path


def ensure(
    home: Path,
    *,
    bindir: Path | None = None,
    tcp: bool = False,
    way: Way | None = None,
    wait_seconds: float = 120.0,
) -> Server:
    """The running server of `home`, started (and created) if need be; any number of processes may ask.

    `wait_seconds` bounds a crash recovery. Raises NeedsPerson with what to do, RetryLater while recovering.
    """
    place = HomeDir.of(home)
    place.create()
    with place.turn(wait_seconds=wait_seconds + 60) as lock:
        server = _found(place, wait_seconds)
        if server is None:
            try:
                server = started(place, bindir, way, tcp=tcp, lock=lock, wait_seconds=wait_seconds)
            except OSError as exc:
                raise NeedsPerson(f"cannot start the server of {place.home}: {exc}") from exc
        elif tcp and not server.tcp:
            raise NeedsPerson(f"the server of {home} runs without TCP: stop it, then start it with TCP")
        _furnish(place, server)
        cluster.prune_logs(place.log)
    return server


def open_tcp(
    home: Path, *, bindir: Path | None = None, way: Way | None = None, wait_seconds: float = 120.0
) -> Server:
    """The running server of `home`, listening on 127.0.0.1 from now on, at every start and on one port.

    One that runs without TCP is stopped in good order and started again: who was connected to it is cut off.
    """
    place = HomeDir.of(home)
    place.create()
    with place.turn(wait_seconds=wait_seconds + 60):
        server = last(place)
        known = server.port if server is not None and server.tcp else None
        if tcp_door.lasting(place) is None:
            tcp_door.keep(place, known)
        if known is None and place.server_lives():
            logger.info("server restarts to listen on 127.0.0.1", home=str(place.home))
            postmaster.end(place, wait_seconds=60)
    return ensure(home, bindir=bindir, way=way, wait_seconds=wait_seconds)


def stop(home: Path, *, wait_seconds: float = 60.0) -> bool:
    """Stops the server of `home`, after a start in progress; False when none was running."""
    place = HomeDir.of(home)
    if not place.home.is_dir():
        return False
    with place.turn(wait_seconds=180):
        if not place.server_lives():
            return False
        postmaster.end(place, wait_seconds=wait_seconds)
        logger.info("server stopped", home=str(place.home))
        return True


def status(home: Path) -> Status:
    """How the server of `home` is, without waiting for it and without changing anything."""
    place = HomeDir.of(home)
    server = last(place)
    running = server is not None and server.running()
    return Status(
        running=running,
        version=server.version if server is not None else None,
        pid=postmaster.number(place.data),
        data_bytes=_size(place.data),
        socket=server.socket if server is not None and running else None,
        log=cluster.newest_log(place),
    )


def psql(home: Path, *, user: str = SUPERUSER, database: str = DATABASE) -> list[str]:
    """The command line of an interactive psql on the server of `home`."""
    server = last(HomeDir.of(home))
    if server is None:
        raise NeedsPerson(f"no server was ever started in {home}")
    beside = server.bindir / "psql"
    program = str(beside) if os.access(beside, os.X_OK) else shutil.which("psql")
    if program is None:
        raise NeedsPerson(f"there is no psql in {server.bindir} nor on the PATH: install PostgreSQL's client")
    return [program, server.url(user, database)]


def initialised(home: Path) -> bool:
    """Whether `home` has a data directory."""
    return cluster.is_whole(HomeDir.of(home).data)


def _found(place: HomeDir, wait_seconds: float) -> Server | None:
    """The server that runs, once it is ready, or None once none lives. The caller has the turn."""
    deadline = time.monotonic() + wait_seconds
    orphaned_since: float | None = None
    while place.server_lives():
        server = last(place)
        if server is not None and answers(place, server):
            return server
        now = time.monotonic()
        if postmaster.number(place.data) is None:
            orphaned_since = orphaned_since or now
            if now > orphaned_since + 1:
                postmaster.kill_leftovers(place.data)
        elif postmaster.is_ready(place.data) and (server is None or not server.socket.exists()):
            logger.warning("socket is gone, server restarts", home=str(place.home))
            postmaster.end(place, wait_seconds=60)
        if now > deadline:
            raise RetryLater(_not_ready(place, wait_seconds))
        time.sleep(0.02)
    return None


def started(
    place: HomeDir,
    bindir: Path | None,
    way: Way | None,
    *,
    lock: int,
    tcp: bool = False,
    private: bool = False,
    wait_seconds: float = 120.0,
) -> Server:
    """Launches the server, with a data directory made for it if there is none, and waits until it is ready.

    `private`: its socket has a name of its own, so that nobody who knew the last one comes in. The caller has
    the home's turn, of which `lock` is the descriptor.
    """
    programs = binaries.found(bindir)
    cluster.finish_switch(place)
    known = cluster.check(place.data, programs)
    with asroot.account(asroot.chosen(way)) as account:
        programs = binaries.installed(programs, place.binaries, account.enters)
        binaries.forget_others(programs, place.binaries)
        if known:
            account.own(place.data)
        else:
            cluster.create(place, programs, account, lock=lock)
            logger.info("data directory created", home=str(place.home), version=programs.version)
        lasting, before = tcp_door.lasting(place), last(place)
        tcp = (tcp or lasting is not None) and not private
        same = before.port if before is not None and before.tcp else None
        port = tcp_door.first_free((lasting, same, 0)) if tcp else SOCKET_PORT + private
        if tcp and lasting not in (None, port):
            logger.warning("port is taken, another until the next start", wanted=lasting, port=port)
        sockets = socket_dir(place.home, port, asroot.owners())
        server = Server(place.home, sockets, port, programs.version, programs.bindir, tcp)
        postmaster.clear_the_way(place, sockets)
        _launch(place, server, programs, account)
        logger.info("server starts", home=str(place.home), version=server.version, way=account.way.value)
    _await(place, server, wait_seconds)
    return server


def _launch(place: HomeDir, server: Server, programs: binaries.Binaries, account: Account) -> None:
    """Starts the server as nobody's child: what it is and where it listens is written down before."""
    place.log.mkdir(mode=0o700, exist_ok=True)
    account.own(place.log)
    account.own(server.socket_dir)
    settings = cluster.write_settings(place, account, tcp=server.tcp)
    note(place, server)
    sockets = account.sees(server.socket_dir).replace('"', '""')
    fixed = {
        "config_file": f"{settings}/postgresql.conf",
        "hba_file": f"{settings}/pg_hba.conf",
        "log_directory": account.sees(place.log),
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
        "listen_addresses": "127.0.0.1" if server.tcp else "",
        "port": str(server.port),
        "fsync": "on",
        "full_page_writes": "on",
    }
    command: list[str | Path] = [programs.program("postgres"), "-D", account.sees(place.data)]
    options = [part for name, value in fixed.items() for part in ("-c", f"{name}={value}")]
    claim = place.claim_server()
    try:
        with place.start_log.open("wb") as output:
            account.run(["/bin/sh", "-c", '"$@" &', "sh", *command, *options], keep=[claim], output=output)
    finally:
        os.close(claim)


def _await(place: HomeDir, server: Server, wait_seconds: float) -> None:
    """Waits until the server accepts connections; one that recovers too long is left to go on."""
    deadline = time.monotonic() + wait_seconds
    while not answers(place, server):
        if not place.server_lives():
            raise NeedsPerson(
                f"the server of {place.home} did not start; it said:\n{cluster.last_words(place)}"
            )
        if time.monotonic() > deadline:
            raise RetryLater(_not_ready(place, wait_seconds))
        time.sleep(0.02)


def _furnish(place: HomeDir, server: Server) -> None:
    """Creates the database and, for TCP, gives the superuser the home's password (the log never sees it)."""
    try:
        connection = psycopg.connect(server.url(database="postgres"), autocommit=True)
    except psycopg.OperationalError as exc:
        raise RetryLater(f"the server of {place.home} runs but let us not in: {exc}") from exc
    with connection:
        known = connection.execute("select from pg_database where datname = %s", [DATABASE]).fetchone()
        if known is None:
            # A starter killed in the middle of this leaves a backend that finishes it.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
        if server.tcp:
            secret = connection.pgconn.encrypt_password(
                tcp_door.password(place).encode(), SUPERUSER.encode(), b"scram-sha-256"
            )
            connection.execute(
                sql.SQL("alter role {} password {}").format(sql.Identifier(SUPERUSER), secret.decode())
            )


def _not_ready(place: HomeDir, wait_seconds: float) -> str:
    return (
        f"the server of {place.home} is not ready after {wait_seconds:.0f} s and goes on (after a crash it"
        f" replays its log): try again in a while; it said:\n{cluster.last_words(place)}"
    )


def _size(folder: Path) -> int:
    """Bytes on disk under `folder`; a file that vanishes meanwhile counts nothing."""
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            try:
                total += Path(parent, name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total
