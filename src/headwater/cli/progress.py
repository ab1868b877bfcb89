"""Progress of a sync: a live line on a terminal, plain lines in a pipe."""

import sys
import time

from rich.live import Live

from headwater.cli import say
from headwater.cli.texts import text
from headwater.sync.runs import Run

EVERY_SECONDS = 2.0


class Progress:
    """Told after every committed page; use as a context manager around the sync."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.started = time.monotonic()
        self.shown_at = 0.0
        self.live = (
            Live(console=say.errors, refresh_per_second=4) if sys.stderr.isatty() and not quiet else None
        )

    def __enter__(self) -> "Progress":
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.update("")
            self.live.stop()

    def __call__(self, run: Run) -> None:
        if self.quiet:
            return
        now = time.monotonic()
        words = spoken(run, now - self.started)
        if self.live:
            self.live.update(words)
        elif now - self.shown_at >= EVERY_SECONDS:
            self.shown_at = now
            say.errors.print(words, markup=False)


def spoken(run: Run, seconds: float) -> str:
    """How far a run is: read, rate, and what is left when the total is known."""
    done, rate = run.before + run.read, run.read / max(seconds, 0.001)
    of = left = ""
    if run.expected:
        of = text("progress_of", total=say.number(run.expected))
        if rate > 0 and done < run.expected:
            left = text("progress_left", left=duration((run.expected - done) / rate))
    return text(
        "progress", entity=run.entity, done=say.number(done), of=of, rate=say.number(round(rate)), left=left
    )


def duration(seconds: float) -> str:
    """Minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
