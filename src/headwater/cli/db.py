"""`headwater db` and `headwater migrate`: the embedded server, and the schema of any."""

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, guarded, lived, settings
from headwater.wiring import Restored

app = typer.Typer(help="The embedded PostgreSQL.", no_args_is_help=True, rich_markup_mode=None)

Tcp = Annotated[
    bool, typer.Option("--tcp", help="Also listen on 127.0.0.1, with a password kept in the data home.")
]


@app.command()
def start(tcp: Tcp = False, as_json: AsJson = False) -> None:
    """Start the embedded PostgreSQL, or join the one that runs.

    Example: headwater db start --tcp
    """
    address = guarded(lambda: wiring.start_database(settings(), tcp=tcp), as_json=as_json)
    if as_json:
        say.json({"url": address})
    else:
        say.line("db_started", url=address)


@app.command()
def stop(as_json: AsJson = False) -> None:
    """Stop the embedded PostgreSQL; nothing is lost.

    Example: headwater db stop
    """
    stopped = guarded(lambda: wiring.stop_database(settings()), as_json=as_json)
    if as_json:
        say.json({"stopped": stopped})
    else:
        say.line("db_stopped" if stopped else "db_was_stopped")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show whether the embedded PostgreSQL runs, its version, size and log.

    Example: headwater db status --json
    """
    found = guarded(lambda: wiring.database_status(settings()), as_json=as_json)
    if as_json:
        say.json(asdict(found))
    elif found.running:
        say.line("db_running", version=found.version, pid=found.pid, data=settings().home)
    else:
        say.line("db_was_stopped")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database; further words go to psql.

    Example: headwater db psql -- -c 'select count(*) from deals'
    """
    command, more = guarded(lambda: wiring.psql_command(settings()), as_json=False)
    os.execve(command[0], [*command, *context.args], os.environ | more)  # noqa: S606 (psql takes over this terminal)


@app.command()
def url(as_json: AsJson = False) -> None:
    """Print the address of the embedded PostgreSQL, for other programs on this machine.

    Example: pg_dump "$(headwater db url)"
    """
    address = guarded(lambda: wiring.start_database(settings()), as_json=as_json)
    if as_json:
        say.json({"url": address})
    else:
        say.plain(address)


@app.command()
def upgrade(
    old: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="BINDIR", help="Programs of the version the data are of, if not found."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the data to the major version of PostgreSQL that this program has; the old data are kept.

    Copies the database, reads the copy into a new server, compares every row, and switches. Stop the service
    first. Until then nothing is changed; may be said again at any time. The way back: docs/upgrade.md.

    Examples: headwater db upgrade · headwater db upgrade --from /usr/lib/postgresql/17/bin
    """

    def work() -> tuple[Restored, Path]:
        told = say.steps(quiet=as_json)
        return lived(wiring.upgraded(settings(), old, now=datetime.now(UTC), told=told))

    found, kept = guarded(work, as_json=as_json)
    if as_json:
        say.json({"from": found.manifest.postgresql, "kept": str(kept), "era": found.era,
                  "revision": found.revision[1], "rows": found.manifest.rows})  # fmt: skip
    else:
        say.line(
            "db_upgraded", before=found.manifest.postgresql, rows=say.number(found.manifest.rows), kept=kept
        )


@app.command()
def kept(
    remove: Annotated[bool, typer.Option("--remove", help="Remove them for good.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what restores and upgrades put aside, or left unfinished: databases and folders of data.

    Examples: headwater db kept · headwater db kept --remove
    """

    def work() -> tuple[list[str], list[Path]]:
        return lived(wiring.removed(settings()) if remove else wiring.put_aside(settings()))

    databases, folders = guarded(work, as_json=as_json)
    if as_json:
        say.json({"databases": databases, "folders": [str(one) for one in folders], "removed": remove})
        return
    for one in (*databases, *folders):
        say.line("db_removed" if remove else "db_kept", what=one)
    if not (databases or folders):
        say.line("db_kept_nothing")


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the schema this version expects.

    The embedded server is migrated by itself; any other wants HEADWATER_ADMIN_DATABASE_URL.

    Example: HEADWATER_ADMIN_DATABASE_URL=postgresql://postgres@db.example/crm headwater migrate
    """
    before, after = guarded(lambda: wiring.migrated(settings()), as_json=as_json)
    if as_json:
        say.json({"before": before, "after": after})
    elif before == after:
        say.line("migrated_already", after=after)
    else:
        say.line("migrated", before=before or "–", after=after)
