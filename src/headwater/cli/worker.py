"""`headwater worker`: does what is due until somebody stops it; on as many machines as are needed."""

import asyncio
import signal
from typing import Annotated

import typer

from headwater import wiring
from headwater.cli import say
from headwater.cli.child import WithParent, when_parent_ends
from headwater.cli.frame import guarded, lived, settings
from headwater.cli.texts import text
from headwater.wiring import house

Slots = Annotated[
    int,
    typer.Option(min=1, max=100, help="How many connections it works on at a time; events have one more."),
]


def worker(slots: Slots = wiring.SLOTS, with_parent: WithParent = False) -> None:
    """Sync connections when due, apply events, compare and back up at night, until SIGTERM or Ctrl-C.

    Being stopped it commits the pages under way and ends; a second time it ends at once. Nothing is lost
    either way, or by kill -9: another worker goes on after the last stored page. Several share the work.

    Examples: headwater worker · headwater worker --slots 4
    """

    async def work() -> None:
        known = settings()
        async with (
            wiring.attended(known), house(known) as opened, wiring.worker(opened, slots=slots) as worker
        ):  # fmt: skip
            loop = asyncio.get_running_loop()
            for sign in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(sign, worker.stop)
            if with_parent:
                when_parent_ends(lambda: loop.call_soon_threadsafe(worker.stop))
            say.errors.print(text("worker_begins", slots=slots), markup=False)
            await worker.run()

    guarded(lambda: lived(work()), as_json=False, lasting=True)
