"""Batches of histories: so many of one seed, always the same ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from logging import CRITICAL

import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from headwater.testing.histories.machine import Histories

STEPS = 15


def played(url: str, *, seeded: int, histories: int, steps: int = STEPS, shrink: bool = True) -> None:
    """Plays so many histories in the database at `url`, each as a tenant of its own.

    The steps of one that fails are printed and its failure is raised, with `shrink` after it was made as
    short as it can be.
    """

    class Batch(Histories):
        pass

    Batch.url, Batch.numbers = url, count()
    Batch.__name__ = Batch.__qualname__ = "Histories"
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    with _silence():
        run_state_machine_as_test(
            seed(seeded)(Batch),
            settings=settings(
                max_examples=histories,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                print_blob=True,
                report_multiple_bugs=False,
                phases=phases,
                suppress_health_check=list(HealthCheck),
            ),
        )


@contextmanager
def _silence() -> Iterator[None]:
    """No log lines: thousands of runs would drown the steps of the one that failed."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
