"""Everything that is told in numbers to those who watch from outside: one declaration each.

Labels never name a person or a record: names of connections, entities and kinds of ours are all there is, so
that there are never more lines than these can be combined.
"""

from dataclasses import dataclass
from typing import Literal

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG_SECONDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One number. A counter only rises, a gauge says how things are, a histogram sorts by `buckets`.

    `about` says what it is, with its unit. What is `own` tells of the process that is asked; everything else
    is the same whichever process of the service answers.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    own: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The names of its lines."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


CONNECTION, ENTITY = ("connection",), ("connection", "entity")

# What happened: counted by every process, and kept in the database.
RUNS = Metric("headwater_runs_total", "counter", "Runs that ended", (*ENTITY, "type", "status"))
RUN_SECONDS = Metric(
    "headwater_run_seconds",
    "histogram",
    "How long runs took from begin to end",
    (*CONNECTION, "type"),
    LONG_SECONDS,
)
WRITTEN = Metric(
    "headwater_records_written_total",
    "counter",
    "Records that were created, updated, deleted, or put aside (failed)",
    (*ENTITY, "what"),
)
APPLIED = Metric("headwater_events_applied_total", "counter", "Events that were applied", CONNECTION)
REQUESTS = Metric("headwater_portal_requests_total", "counter", "Requests sent to portals", CONNECTION)
WAITS = Metric(
    "headwater_portal_waits_total", "counter", "Requests that waited for the portal's limit", CONNECTION
)
WAIT_SECONDS = Metric("headwater_portal_wait_seconds_total", "counter", "Seconds they waited", CONNECTION)
REFUSALS = Metric(
    "headwater_portal_refusals_total", "counter", "Times a portal said it had too many requests", CONNECTION
)
TURNS = Metric("headwater_turns_total", "counter", "Turns of work", ("kind", "outcome"))
TURN_SECONDS = Metric(
    "headwater_turn_seconds", "histogram", "How long turns of work took", ("kind",), LONG_SECONDS
)
ERRORS = Metric(
    "headwater_errors_total", "counter", "Errors of work, by what happens next", ("kind", "error")
)
LETTERS = Metric(
    "headwater_letters_total", "counter", "Notices of alerts, by what became of them", ("channel", "outcome")
)

FIGURES = Metric(
    "headwater_figures_total",
    "counter",
    "Figures asked for, by whether they were kept or counted",
    ("outcome",),
)

# How things are: asked of the database.
UP = Metric("headwater_database_up", "gauge", "1 while the database answers in time, else 0")
RECORDS = Metric("headwater_records", "gauge", "Records stored", ENTITY)
AGE = Metric("headwater_data_age_seconds", "gauge", "How old the data may be at worst", ENTITY)
PROMISE = Metric("headwater_data_promise_seconds", "gauge", "How old it may be by its settings", ENTITY)
ASIDE = Metric("headwater_failed_queue", "gauge", "Records that were put aside", ENTITY)
STATES = Metric("headwater_entities", "gauge", "Entities of a connection, by state", (*CONNECTION, "state"))
PAUSED = Metric(
    "headwater_connection_paused", "gauge", "1 while nothing is done for it by itself", CONNECTION
)
FAILING = Metric(
    "headwater_connection_failing_seconds", "gauge", "Since when work on it fails; 0: it does not", CONNECTION
)
REFUSED = Metric(
    "headwater_connection_refused", "gauge", "1 while a person must change credentials or rights", CONNECTION
)
ANSWERED = Metric(
    "headwater_connection_answered_seconds", "gauge", "Since its portal last answered a whole run", CONNECTION
)
CHANGED = Metric(
    "headwater_connection_changed_seconds", "gauge", "Since a change was last found in it", CONNECTION
)
SILENT = Metric(
    "headwater_events_silent", "gauge", "1 while changes are found of which no event told", CONNECTION
)
RECEIVED = Metric("headwater_events_received_total", "counter", "Events that arrived", CONNECTION)
TURNED_AWAY = Metric("headwater_events_refused_total", "counter", "Events that were not let in", CONNECTION)
WAITING = Metric(
    "headwater_events_waiting", "gauge", "Events that are stored and not applied yet", CONNECTION
)
OLDEST = Metric("headwater_events_oldest_seconds", "gauge", "How long the oldest of them waits", CONNECTION)
BEHIND = Metric(
    "headwater_refresh_behind_seconds",
    "gauge",
    "How long the oldest change waits that derived data does not show",
    (*CONNECTION, "follower"),
)
JOBS = Metric("headwater_jobs", "gauge", "Work, by state: planned, due, taken, failing", ("kind", "state"))
WORKERS = Metric("headwater_workers", "gauge", "Workers that live")
WORKER_MEMORY = Metric("headwater_worker_memory_bytes", "gauge", "Memory of a worker", ("worker",))
WORKER_CPU = Metric("headwater_worker_cpu_seconds_total", "counter", "CPU time of a worker", ("worker",))
ALERTS = Metric("headwater_alerts_open", "gauge", "Alerts that are open", ("kind",))
UNSENT = Metric(
    "headwater_letters_waiting", "gauge", "Notices of alerts that are still to be sent", ("channel",)
)
BACKUP_AGE = Metric(
    "headwater_backup_age_seconds", "gauge", "Since the last backup was made; absent: none is known"
)
SIZE = Metric("headwater_database_bytes", "gauge", "Size of the database")
SKEW = Metric(
    "headwater_clock_skew_seconds",
    "gauge",
    "How far the database's clock is ahead of this machine's",
    own=True,
)

# Of the process that is asked.
BUILD = Metric("headwater_build_info", "gauge", "1, with the version", ("version",), own=True)
ASKED = Metric(
    "headwater_http_requests_total", "counter", "Requests to the API", ("method", "route", "status"), own=True
)
ASKED_SECONDS = Metric(
    "headwater_http_request_seconds",
    "histogram",
    "How long they took until the answer began",
    ("method", "route"),
    SECONDS,
    own=True,
)
POOL = Metric(
    "headwater_pool_connections",
    "gauge",
    "Connections to the database: open, idle, most",
    ("state",),
    own=True,
)
POOL_QUEUE = Metric("headwater_pool_waiting", "gauge", "Who waits for such a connection", own=True)
POOL_SECONDS = Metric(
    "headwater_pool_wait_seconds_total", "counter", "Seconds spent waiting for one", own=True
)
FREE = Metric("headwater_disk_free_bytes", "gauge", "Room left where the data home is", own=True)
DISK = Metric("headwater_disk_bytes", "gauge", "Size of the disk where the data home is", own=True)
MEMORY = Metric("headwater_process_memory_bytes", "gauge", "Memory of this process", own=True)
CPU = Metric("headwater_process_cpu_seconds_total", "counter", "CPU time of this process", own=True)

METRICS = tuple(one for one in list(globals().values()) if isinstance(one, Metric))
"""Every one of them, in the order above."""
