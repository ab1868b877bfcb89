"""The server's data directory: created whole or not at all, and the settings it is started with."""

import shutil
import tempfile
from pathlib import Path

from headwater.core.errors import NeedsPerson
from headwater.warehouse.embedded.asroot import Account
from headwater.warehouse.embedded.binaries import Binaries
from headwater.warehouse.embedded.homedir import HomeDir, flush, write_whole

SUPERUSER = "postgres"

LOCALES = ("C.UTF-8", "en_US.UTF-8")
"""Character types that know Cyrillic, best first; with plain C pg_trgm finds nothing in it (similarity 0)."""

SETTINGS = """\
# Two cores and a company's CRM; PostgreSQL's own default where nothing is said here.
max_connections = 100
shared_buffers = 128MB
effective_cache_size = 1GB
work_mem = 8MB
maintenance_work_mem = 64MB
max_parallel_workers_per_gather = 1
jit = off
random_page_cost = 1.1

# Syncs write in bursts: fewer, longer checkpoints.
wal_level = replica
wal_compression = on
checkpoint_timeout = 15min
autovacuum_vacuum_scale_factor = 0.05
autovacuum_analyze_scale_factor = 0.05

timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
cluster_name = 'headwater'

# One file a day, or sooner when it grows; the start and every joining process remove the oldest.
logging_collector = on
log_filename = 'postgresql-%Y-%m-%d_%H%M%S.log'
log_rotation_age = 1d
log_rotation_size = 10MB
log_line_prefix = '%m [%p] %u@%d '
# Statements and details carry people's data, which is no fact for a log.
log_error_verbosity = terse
log_min_error_statement = panic
"""

LOGS_KEPT = 14


def is_whole(data: Path) -> bool:
    """Whether `data` is a data directory that initdb finished (its content is not looked at)."""
    return (data / "PG_VERSION").is_file() and (data / "global" / "pg_control").is_file()


def check(data: Path, programs: Binaries) -> bool:
    """Whether `data` is there for `programs` to run on; False when it is yet to be created.

    Raises NeedsPerson when it is of another major version or damaged; nothing is ever thrown away.
    """
    if not data.exists() or not any(data.iterdir()):
        return False
    if not is_whole(data):
        raise NeedsPerson(
            f"{data} is not a whole PostgreSQL data directory (no PG_VERSION or no global/pg_control),"
            " and may hold what can still be rescued: restore it from a backup, or move it away and start"
            " again to get a new, empty one"
        )
    written_by = (data / "PG_VERSION").read_text().strip()
    if written_by != str(programs.major):
        raise NeedsPerson(
            f"{data} was written by PostgreSQL {written_by}, but the programs found ({programs.bindir}) are"
            f" {programs.version}: {_remedy(written_by, programs.major)}"
        )
    return True


def _remedy(written_by: str, major: int) -> str:
    stay = f"name those of PostgreSQL {written_by} in HEADWATER_PG_BINDIR and go on with them"
    if written_by.isdecimal() and int(written_by) < major:
        return f"`headwater db upgrade` brings the data to {major} and keeps the old; or {stay}"
    return f"upgrade the program again; or {stay}"


def create(place: HomeDir, programs: Binaries, account: Account, *, lock: int) -> None:
    """Runs initdb in a sibling and renames it when it is whole, so that no half one is ever found.

    initdb inherits `lock`: if we are killed, others wait until it is through.
    """
    for left in place.home.glob("data.new-*"):
        shutil.rmtree(left)
    fresh = Path(tempfile.mkdtemp(dir=place.home, prefix="data.new-"))
    account.own(fresh)
    seen = account.sees(fresh)
    said = b""
    for locale in LOCALES:
        command: list[str | Path] = [
            programs.program("initdb"),
            "-D",
            seen,
            *_initdb_options(programs, locale),
        ]
        ran = account.run(command, keep=[lock])
        if ran.returncode == 0:
            fresh.rename(place.data)
            flush(place.home)
            return
        said += ran.stdout
    shutil.rmtree(fresh)
    raise NeedsPerson(
        f"{programs.program('initdb')} could not create {place.data}: {said.decode(errors='replace').strip()}"
    )


def finish_switch(place: HomeDir) -> None:
    """Puts the data of an upgrade in their place, when it got so far that the old ones were put aside."""
    if not place.upgraded.exists():
        return
    fresh = place.upgrade / "data"
    if not place.data.exists():
        fresh.rename(place.data)
        flush(place.home)
    if not fresh.exists():
        shutil.rmtree(place.upgrade)


def write_settings(place: HomeDir, account: Account, *, tcp: bool) -> str:
    """Writes `settings/` anew for a start: initdb's choices, ours, then the user's, who has the last word.

    Returns the path of the main file as the server sees it. Our directory, not the server's: it may read it.
    """
    place.settings.mkdir(mode=0o755, exist_ok=True)
    seen = account.sees(place.settings)
    lines = [
        "# Written at every start; your own settings belong into postgresql.user.conf in the data home.",
        f"include {quoted(account.sees(place.data) + '/postgresql.conf')}",
        "include 'headwater.conf'",
        "include 'user.conf'",
    ]
    doors = [
        "# Whoever may enter the socket's directory (mode 0700) is trusted; TCP always asks for a password.",
        "local all all trust",
        "local replication all trust",
    ]
    if tcp:
        doors.append("host all all 127.0.0.1/32 scram-sha-256")
    try:
        wishes = place.user_settings.read_text(encoding="utf-8")
    except FileNotFoundError:
        wishes = ""
    for name, text in (
        ("headwater.conf", SETTINGS),
        ("user.conf", wishes),
        ("pg_hba.conf", "\n".join(doors)),
        ("postgresql.conf", "\n".join(lines)),
    ):
        write_whole(place.settings / name, text.rstrip("\n") + "\n")
        (place.settings / name).chmod(0o644)
    return seen


def prune_logs(log: Path) -> None:
    """Removes all but the newest of the server's log files."""
    for old in sorted(log.glob("postgresql-*.log"))[:-LOGS_KEPT]:
        old.unlink(missing_ok=True)


def newest_log(place: HomeDir) -> Path:
    """The log the server writes now, or wrote last; before it has one, what it said at its start."""
    return max(place.log.glob("postgresql-*.log"), default=place.start_log)


def last_words(place: HomeDir, lines: int = 12) -> str:
    """The last lines of the server's logs, for an error that has to explain a start."""
    said: list[str] = []
    for path in (place.start_log, newest_log(place)):
        try:
            said += path.read_text(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            continue
    return "\n".join(dict.fromkeys(said))


def quoted(text: str) -> str:
    """`text` as a string of a PostgreSQL settings file."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _initdb_options(programs: Binaries, locale: str) -> list[str]:
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if programs.major >= 17 else []
    return ["-E", "UTF8", f"--locale={locale}", *builtin, "--data-checksums", "-U", SUPERUSER, "-A", "trust"]
