"""Batches of random histories in several processes, against one server in a home that is gone afterwards."""

import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from headwater.testing.histories.batches import played
from headwater.warehouse import embedded
from headwater.warehouse.embedded import Server
from headwater.warehouse.migrate import migrate

HISTORIES = 25
TEMPLATE = "template_histories"


@dataclass(frozen=True, slots=True)
class Batch:
    """So many histories of a seed; `failure` tells how a wrong one goes, empty when all were right."""

    seed: int
    histories: int
    seconds: float
    failure: str = ""


def batches(minutes: float, first: int, workers: int, *, once: bool, go_on: bool = False) -> Iterator[Batch]:
    """Plays batches with rising seeds from `first`, until the time is over or one fails; `once`: only one."""
    end = time.monotonic() + minutes * 60
    with _server() as server, ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        seed, running = first, set[Future[Batch]]()
        for _ in range(1 if once else workers):
            running.add(pool.submit(_batch, server, seed))
            seed += 1
        wrong = False
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                batch = each.result()
                yield batch
                wrong = wrong or (bool(batch.failure) and not go_on)
                if not (once or wrong or time.monotonic() >= end):
                    running.add(pool.submit(_batch, server, seed))
                    seed += 1


def _batch(server: Server, seed: int) -> Batch:
    """One batch in a database of its own."""
    began = time.monotonic()
    with _database(server, f"histories_{seed}") as url:
        try:
            played(url, seeded=seed, histories=HISTORIES)
        except Exception as exc:
            failure = "".join(traceback.format_exception(exc))
            return Batch(seed, HISTORIES, time.monotonic() - began, failure)
    return Batch(seed, HISTORIES, time.monotonic() - began)


@contextmanager
def _server() -> Iterator[Server]:
    """A running server with a migrated database to copy."""
    with tempfile.TemporaryDirectory(prefix="headwater-soak-") as folder:
        server = embedded.ensure(Path(folder))
        try:
            with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
                admin.execute(SQL("create database {}").format(Identifier(TEMPLATE)))
            migrate(server.url(database=TEMPLATE))
            yield server
        finally:
            embedded.stop(Path(folder))


@contextmanager
def _database(server: Server, name: str) -> Iterator[str]:
    """The address of a fresh database, dropped at the end."""
    called = Identifier(name)
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        admin.execute(SQL("create database {} template {}").format(called, Identifier(TEMPLATE)))
        # What `migrate` grants on the database itself is not copied with a template.
        admin.execute(SQL("grant connect, create, temporary on database {} to hw_owner").format(called))
        try:
            yield server.url("hw_app", name)
        finally:
            admin.execute(SQL("drop database {} with (force)").format(called))
