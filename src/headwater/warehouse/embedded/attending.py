"""Services that share a home's server: the last of them to leave stops it, if it was theirs to start."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headwater.core import log
from headwater.warehouse.embedded import postmaster
from headwater.warehouse.embedded.homedir import HomeDir

THEIRS = b"started by a service\n"
logger = log.get("warehouse")


@contextmanager
def attended(home: Path) -> Iterator[None]:
    """Takes part in the home for as long as a service or a worker needs its server; who dies takes no part.

    The server is not started by this. One that ran before the first of them came runs on after the last.
    """
    place = HomeDir.of(home)
    place.create()
    with place.turn(wait_seconds=180):
        descriptor = place.attend()
        if place.alone(descriptor):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"" if place.server_lives() else THEIRS, 0)
        place.with_others(descriptor)
    try:
        yield
    finally:
        try:
            with place.turn(wait_seconds=180):
                theirs = os.pread(descriptor, len(THEIRS), 0) == THEIRS
                if theirs and place.alone(descriptor) and place.server_lives():
                    postmaster.end(place, wait_seconds=60)
                    logger.info("server stopped", home=str(place.home))
        finally:
            os.close(descriptor)
