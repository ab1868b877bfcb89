"""`headwater sandbox`: rehearsal portals to try everything on."""

import os
import signal
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from headwater.cli.child import when_parent_ends
from headwater.cli.frame import AsJson, guarded, settings
from headwater.sandbox import bitrix24

app = typer.Typer(help="Rehearsal portals to try everything on.", no_args_is_help=True, rich_markup_mode=None)

Fill = Annotated[
    str | None,
    typer.Option(
        help="Fill from CSV files: a mapping file, or the name of one of ours, such as crm_maven.",
        metavar="MAPPING",
    ),
]
Data = Annotated[Path | None, typer.Option(help="The folder of the CSV files.", file_okay=False, exists=True)]

DealsOnly = Annotated[
    bool, typer.Option("--deals-only", help="Leave out leads, contacts, companies, activities and calls.")
]
Sizes = Annotated[
    str | None,
    typer.Option(
        help="A big portal in little time: exactly so many of each, leads=2000,activities=9000.",
        metavar="NAME=COUNT,…",
    ),
]
Store = Annotated[Path | None, typer.Option(help="Keep the portal in this file; default: in memory.")]
Application = Annotated[bool, typer.Option("--app", help="Install an application and print its keys too.")]


@app.callback()
def _several() -> None:
    """Keeps `bitrix24` a word of its own while it is the only one."""


@app.command(name="bitrix24")
def bitrix24_(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    host: Annotated[str, typer.Option(help="Where it listens.")] = "127.0.0.1",
    deals: Annotated[int, typer.Option(min=0, max=10_000_000, help="How many deals the company has.")] = 2000,
    deals_only: DealsOnly = False,
    sizes: Sizes = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")] = 1,
    fill: Fill = None,
    data: Data = None,
    store: Store = None,
    working: Annotated[float, typer.Option(min=0, help="Changes a second its people make.")] = 0.0,
    tls: Annotated[bool, typer.Option("--tls", help="Serve https.")] = False,
    ca: Annotated[Path | None, typer.Option(help="Write the certificate authority for clients here.")] = None,
    plan: Annotated[bitrix24.Plan, typer.Option(help="Whose limits apply.")] = bitrix24.Plan.STANDARD,
    limits: Annotated[bool, typer.Option(help="Whether limits apply at all.")] = True,
    application: Application = False,
    as_json: AsJson = False,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Run a rehearsal Bitrix24 portal. Its first line is the webhook address to connect; with --app the
    last three are a client id, a client secret and a refresh token.

    Examples: headwater sandbox bitrix24 --port 8024 --deals 5000 --working 1 ·
    headwater sandbox bitrix24 --fill crm_maven --data ~/crm_maven
    """
    file = mapping(fill, data)
    if ca is not None and not tls:
        raise typer.BadParameter("--ca writes the authority of --tls: say --tls as well")
    if sizes is not None and fill is not None:
        raise typer.BadParameter("--sizes and --fill both say what there is: choose one")
    if with_parent:
        when_parent_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))

    def work() -> None:
        settings()
        bitrix24.serve(
            bitrix24.Options(
                host=host,
                port=port,
                tls=tls,
                ca_file=ca,
                store=store,
                deals=deals,
                whole=not deals_only,
                seed=seed,
                fill=file,
                data=data,
                sizes=None if sizes is None else bitrix24.sizes_of(sizes),
                plan=plan,
                limits=limits,
                working=working,
                app=application,
                as_json=as_json,
            )
        )

    guarded(work, as_json=as_json)


def mapping(name: str | None, data: Path | None) -> Path | None:
    """A mapping file by its path, or one of ours by its name, whose data have to be named as well."""
    if name is None:
        if data is not None:
            raise typer.BadParameter("--data has the files that a mapping reads: name one with --fill")
        return None
    ours = Path(str(files("headwater.sandbox"))) / "mappings" / f"{name}.toml"
    if ours.is_file():
        if data is None:
            raise typer.BadParameter(f"--fill {name} wants the folder of its CSV files: --data FOLDER")
        return ours
    path = Path(name)
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in ours.parent.glob("*.toml")))
        raise typer.BadParameter(f"there is no mapping file {name}; ours are called: {known}")
    return path
