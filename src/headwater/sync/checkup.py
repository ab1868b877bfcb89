"""What `headwater doctor` looks at: the service, the machine, connections and their portals, one by one."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from headwater.core.errors import HeadwaterError
from headwater.core.ports import Source
from headwater.sync.report import ConnectionReport, HouseReport, TenantReport
from headwater.warehouse.connections import Link

DISK_BYTES = 2 * 1024**3
BACKUP = timedelta(hours=36)
WAITING_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `remedy` is empty when all is well; `why` says why it matters. `mend` names what
    can be done about it at once and does no harm. What is only `noted` is no fault."""

    what: str
    found: str
    remedy: str = ""
    why: str = ""
    mend: str = ""
    noted: bool = False

    @property
    def well(self) -> bool:
        return not self.remedy or self.noted


def judged(
    what: str, trouble: str, fine: str, *, why: str, remedy: str, mend: str = "", noted: bool = False
) -> Check:
    """The check of something that has this trouble, or is fine when that is empty."""
    if trouble:
        return Check(what, trouble, remedy, why, mend, noted)
    return Check(what, fine, why=why)


def house_checks(house: HouseReport, *, backups: bool) -> Iterator[Check]:
    """The service and this machine, by the report."""
    free = f"{house.disk_free / 1e9:,.1f} GB free where the data home is"
    yield judged(
        "disk", free if house.disk_free <= DISK_BYTES else "", free,
        why="what cannot be written is not stored, and events are answered with 503",
        remedy="make room: PostgreSQL stops when the disk is full",
    )  # fmt: skip
    yield judged(
        "worker", "" if house.workers else "none lives", f"{len(house.workers)} live",
        why="workers sync when it is due, apply events, compare, back up and tell of trouble",
        remedy="`headwater serve` keeps everything up to date; by hand it is `headwater sync`", noted=True,
    )  # fmt: skip
    failing = [kind for kind, states in house.jobs.items() if states["failing"]]
    yield judged(
        "failing", ", ".join(failing), "nothing fails", why="what fails is tried again by itself",
        remedy="`headwater status` says since when and why",
    )  # fmt: skip
    yield _backup(house, backups=backups)


def _backup(house: HouseReport, *, backups: bool) -> Check:
    why = "what is not in a backup is gone with the disk"
    if not backups:
        remedy = "look that it is: the database is not ours, or HEADWATER_BACKUPS is 0"
        return judged("backup", "made elsewhere", "", why=why, remedy=remedy, noted=True)
    age = house.backup_seconds
    late = (house.age_seconds if age is None else age) > BACKUP.total_seconds()
    said = "there is none yet" if age is None else f"the last one is {age / 3600:,.0f} hours old"
    return judged(
        "backup", said if late else "", said, why=why, mend="backup",
        remedy="headwater doctor --mend makes one due, and the next worker makes it",
    )  # fmt: skip


def report_checks(report: TenantReport) -> Iterator[Check]:
    """A tenant's connections, by the report; of what is as it should be only how events are."""
    for one in report.connections:
        late = ", ".join(each.entity for each in one.late)
        if late and one.failing_seconds is None:
            yield Check(
                f"{one.slug}, age", f"older than promised: {late}",
                "start a worker (`headwater serve`), or read it now: `headwater sync`",
                "the interval of each entity (`headwater config`) and five minutes are what is promised",
            )  # fmt: skip
        if one.failed:
            yield Check(
                f"{one.slug}, put aside", f"{one.failed} records",
                "`headwater failed list` says why; `headwater failed replay --all` tries them again",
                "the rest of their pages is stored", noted=True,
            )  # fmt: skip
        if one.unreadable or one.alarms:
            yield Check(
                f"{one.slug}, rights", f"lost: {', '.join(one.unreadable) or 'the last comparison says so'}",
                "give the rights back in the portal, then `headwater sync`, `headwater reconcile`",
                "what may not be seen is neither read nor deleted here",
            )  # fmt: skip
        yield _events(one)


def _events(one: ConnectionReport) -> Check:
    what, why = f"{one.slug}, events", "without events changes are found by asking, as often as is set"
    if one.listening == "silent":
        remedy = "look whether the portal still reaches us: `headwater events status`, `events address`"
        return Check(what, "silent: changes are found of which no event told", remedy, why)
    if one.events_oldest_seconds > WAITING_SECONDS:
        return Check(what, f"{one.events_waiting} wait for a worker", "start one: `headwater serve`", why)
    if one.doors and not one.events:
        remedy = "change something in the portal; if no event comes, look at the address it was given"
        return Check(what, "an address is open, and none ever came", remedy, why, noted=True)
    return Check(what, "they come" if one.events else "none came: changes are found by asking", why=why)


def schema_check(schemas: Sequence[str], slugs: Sequence[str]) -> Check:
    """Whether every schema of ours belongs to a connection."""
    orphans = ", ".join(one for one in schemas if one not in slugs)
    return judged(
        "schemas", orphans and f"of no connection: {orphans}", "each is of a connection",
        why="typed tables of connections that are no more take room, and nobody keeps them up to date",
        remedy="look what is in them, then as an administrator: drop schema NAME cascade", noted=True,
    )  # fmt: skip


def settings_check(unknown: Sequence[str]) -> Check:
    """Variables that look like settings and are none: nobody heeds them."""
    return judged(
        "settings", f"unknown: {', '.join(unknown)}" if unknown else "", "all known",
        why="a slip of the pen in a name leaves the setting at its default",
        remedy="correct their names (docs/settings.md has all), or remove them",
    )  # fmt: skip


async def connection_checks(
    links: Sequence[Link], source_of: Callable[[Link], Source]
) -> AsyncIterator[Check]:
    """Each connection: whether its portal answers, whose it is, and what it may not see."""
    for link in links:
        try:
            source = source_of(link)
        except HeadwaterError as exc:
            yield Check(link.slug, "its credentials cannot be used", str(exc))
            continue
        try:
            account = await source.check()
        except HeadwaterError as exc:
            yield Check(link.slug, f"{link.portal} does not let us in", str(exc))
        else:
            found = f"{account.portal} as {account.person}"
            yield Check(link.slug, found, " · ".join(account.missing))
        finally:
            await source.close()
