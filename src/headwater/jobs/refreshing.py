"""What is derived from a connection's rows follows its changes: all who do so, one after the other."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from headwater.core import log
from headwater.core.errors import HeadwaterError, RetryLater, StopSync
from headwater.core.ports import Clock
from headwater.jobs.turn import Done, Turn, Work, link_of
from headwater.warehouse import following, jobs
from headwater.warehouse.connections import Link
from headwater.warehouse.following import Refresh
from headwater.warehouse.jobs import Kind
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("jobs")
NEVER_LATER = timedelta(minutes=5)  # finds what was written without a word: by commands, by erasures
WHILE_IT_CHANGES = timedelta(seconds=30)  # a first read takes long, and says only at its end that it stored


class Unrefreshed(HeadwaterError):
    """Something that follows a connection failed; everything else that does had its turn."""


class Refreshing:
    """Calls all `followers` of a connection, by their names."""

    def __init__(self, warehouse: Warehouse, clock: Clock, followers: Mapping[str, Refresh]) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.followers = followers

    def works(self, others: Mapping[Kind, Work]) -> dict[Kind, Work]:
        """These works, which wake the refreshing of their connection when they stored something; and that."""
        return {**{kind: self._waking(work) for kind, work in others.items()}, "refresh": self.refresh}

    async def refresh(self, turn: Turn) -> Done | None:
        """All followers of a connection, as long as it is not enough."""
        link = await link_of(self.warehouse, turn)
        if link is None:
            return None
        stirred = await following.waiting(self.warehouse, link, self.followers)
        if not await refreshed(self.warehouse, link, self.followers, enough=turn.enough):
            return Done(self.clock.now())
        return Done(self.clock.now() + (WHILE_IT_CHANGES if stirred else NEVER_LATER))

    def _waking(self, work: Work) -> Work:
        async def waking(turn: Turn) -> Done | None:
            done = await work(turn)
            link = await link_of(self.warehouse, turn)
            if link is not None and await following.waiting(self.warehouse, link, self.followers):
                async with self.warehouse.connection() as conn:
                    await jobs.wake(conn, link.tenant, link.id, "refresh", due_at=self.clock.now())
            return done

        return waking


async def refreshed(
    warehouse: Warehouse, link: Link, followers: Mapping[str, Refresh], *, enough: Callable[[], bool]
) -> bool:
    """Works in what changed in a connection, for all who follow it; False: it was enough.

    Who fails does not keep the others from their turn: what went wrong is raised when they have had it.
    """
    failed: dict[str, Exception] = {}
    whole = True
    for name, refresh in followers.items():
        with log.bound(connection=link.slug, follower=name):
            try:
                whole = await refresh(warehouse, link, enough=enough) and whole
            except StopSync:
                raise
            except Exception as exc:  # as in the worker: one piece of work must not end the others
                failed[name] = exc
                _log(exc)
    if failed:
        raise _all_of(failed)
    return whole


def _log(exc: Exception) -> None:
    if isinstance(exc, HeadwaterError):
        LOGGER.warning("not refreshed", reason=str(exc))
    else:
        LOGGER.error("not refreshed", exc_info=exc)


def _all_of(failed: Mapping[str, Exception]) -> HeadwaterError:
    """What failed in one error, of which the words name everybody; worth another try soon if each is so."""
    words = "; ".join(
        f"{name}: {exc if isinstance(exc, HeadwaterError) else 'an error of the program, the log has it'}"
        for name, exc in failed.items()
    )
    if all(isinstance(exc, RetryLater) for exc in failed.values()):
        return RetryLater(words)
    return Unrefreshed(words)
