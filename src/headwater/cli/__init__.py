"""The command line: `headwater …`."""

import gc

import typer

from headwater import __version__
from headwater.cli import (
    access,
    alerts,
    backup,
    bi,
    config,
    connect,
    db,
    demo,
    doctor,
    erase,
    events,
    failed,
    figures,
    health,
    key,
    privacy,
    profile,
    reconcile,
    sandbox,
    say,
    search,
    secret,
    serve,
    service,
    status,
    sync,
    tenant,
    tenant_data,
    user,
    worker,
)  # fmt: skip

GARBAGE = 50_000
"""New objects between two looks for cycles: an answer holds tens of thousands, which live until it is stored.
With Python's own 700 looking for cycles took most of the time in which answers are parsed."""

app = typer.Typer(
    name="headwater",
    help="Keeps a company's CRM data live, exact and isolated in its own PostgreSQL.",
    epilog=say.EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        say.plain(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(False, "--version", help="Show the version and exit.", callback=_version),
) -> None:
    pass


app.command("demo")(demo.demo)
app.command("connect")(connect.connect)
app.command("sync")(sync.sync)
app.command("reconcile")(reconcile.reconcile_)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("health")(health.health)
app.command("status")(status.status)
app.command("search")(search.search_)
app.command("metrics")(figures.metrics)
app.command("chart")(figures.chart)
app.command("counting")(figures.counting)
app.command("config")(config.config)
app.command("pause")(config.pause)
app.command("resume")(config.resume)
app.command("doctor")(doctor.doctor)
app.command("profile")(profile.profile)
app.command("privacy")(privacy.privacy)
app.command("erase")(erase.erase)
app.command("disconnect")(tenant_data.disconnect)
app.command("retention")(tenant_data.retention)
app.command("migrate")(db.migrate)
app.add_typer(alerts.app, name="alerts")
app.command("restore")(backup.restore)
app.add_typer(backup.app, name="backup")
app.add_typer(failed.app, name="failed")
app.add_typer(erase.app, name="erasure")
app.add_typer(access.app, name="access")
app.add_typer(tenant.app, name="tenant")
app.add_typer(events.app, name="events")
app.add_typer(reconcile.app, name="certificate")
app.add_typer(bi.app, name="bi")
app.add_typer(db.app, name="db")
app.add_typer(secret.app, name="secret")
app.add_typer(tenant.app, name="tenant")
app.add_typer(user.app, name="user")
app.add_typer(key.app, name="key")
app.add_typer(service.app, name="service")
app.add_typer(sandbox.app, name="sandbox")


def main() -> None:
    """The entry point of the `headwater` script."""
    gc.set_threshold(GARBAGE)
    app()
