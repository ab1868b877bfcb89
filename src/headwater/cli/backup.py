"""`headwater backup` and `headwater restore`: copies of the database that prove themselves."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, guarded, lived, settings
from headwater.cli.texts import text
from headwater.wiring import Copy, Manifest, Restored


class _Making(TyperGroup):
    """`headwater backup FILE` is `headwater backup make FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if known else ["make", *args])


app = typer.Typer(
    cls=_Making, rich_markup_mode=None,
    help="Copies of the whole database, each with a manifest that it is compared with. "
    "`headwater backup FILE` is `headwater backup make FILE`.",
)  # fmt: skip

CopyFile = Annotated[Path, typer.Argument(metavar="FILE", help="A file that `headwater backup` made.")]


@app.command()
def make(
    to: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE|FOLDER]", help="Where to; default: backups in the data home."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the whole database into one file, with a manifest of every table's rows and hash beside it.

    Everything may go on meanwhile. In the data home the oldest copies go (HEADWATER_BACKUPS). The key of the
    credentials, secret.key, is never in it: HEADWATER_BACKUP_PASSPHRASE puts it beside, sealed.

    Examples: headwater backup · headwater backup make /mnt/usb/crm.dump · headwater backup /mnt/usb/
    """
    made = guarded(lambda: lived(wiring.backed_up(settings(), to, now=datetime.now(UTC))), as_json=as_json)
    assert made.manifest is not None  # noqa: S101 (it was written a moment ago)
    if as_json:
        say.json(_told(made))
        return
    say.line("backup_made", path=made.path, megabytes=_megabytes(made.bytes), **_content(made.manifest))
    say.errors.print(text(f"backup_key_{made.manifest.key}", home=settings().home), markup=False)


@app.command("list")
def list_(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Default: backups in the data home.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the copies there are, and what they hold.

    Example: headwater backup list
    """
    found = guarded(lambda: wiring.copies(settings(), folder), as_json=as_json)
    if as_json:
        say.json([_told(one) for one in found])
    elif not found:
        say.line("backup_none")
    else:
        heads = (
            "col_file",
            "col_megabytes",
            "col_made",
            "col_rows",
            "col_schema",
            "col_postgresql",
            "col_key",
        )
        say.table(heads, [_row(one) for one in found])


@app.command()
def verify(
    file: CopyFile,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Read it into a database of its own and compare every row, too."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look whether a copy is as it was made: its size, its SHA-256, its list of tables.

    Exit code 3 says what is wrong with it.

    Examples: headwater backup verify crm.dump · headwater backup verify crm.dump --deep
    """
    told = say.steps(quiet=as_json)
    found = guarded(lambda: lived(wiring.verified(settings(), file, deep=deep, told=told)), as_json=as_json)
    if as_json:
        say.json({"well": True, "deep": deep, **_summary(found)})
    else:
        say.line("backup_well_deep" if deep else "backup_well", path=file, **_content(found))


def restore(
    file: CopyFile,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put aside what is there; it is kept under another name."),
    ] = False,
    as_it_was: Annotated[
        bool,
        typer.Option("--as-it-was", help="Leave the schema as it was, to go back to an older program."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a copy back into an empty database or a new data home, and compare every row with its manifest.

    Nothing is put in its place before it proved equal; may be stopped and said again at any time. Stop the
    service first. The schema is brought to this version; programs that follow the feed of changes go on.

    Examples: headwater restore crm.dump · HEADWATER_HOME=/srv/new headwater restore crm.dump --json ·
    headwater restore crm.dump --replace
    """

    def work() -> tuple[Restored, int]:
        known = settings()
        secret = _passphrase(file, asked=known.backup_passphrase is None and not as_json)
        told, now = say.steps(quiet=as_json), datetime.now(UTC)
        return lived(
            wiring.restored(
                known, file, replace=replace, as_it_was=as_it_was, passphrase=secret, now=now, told=told
            )
        )

    found, keys = guarded(work, as_json=as_json)
    key_there = (settings().home / "secret.key").exists()
    if as_json:
        facts = {"era": found.era, "revision": found.revision[1], "kept": found.kept, "keys": keys,
                 "logins": found.logins, "foreign": found.foreign, "key_there": key_there}  # fmt: skip
        say.json({**facts, **_summary(found.manifest)})
        return
    say.line("restored", path=file, **_content(found.manifest))
    if found.revision[0] != found.revision[1]:
        say.line("migrated", before=found.revision[0], after=found.revision[1])
    if found.kept:
        say.line("restore_kept", database=found.kept)
    for name in found.logins:
        say.line("restore_login", name=name)
    if found.foreign:
        say.line("restore_foreign", names=", ".join(found.foreign))
    if keys:
        say.line("restore_keys", keys=keys)
    elif not key_there:
        say.errors.print(text("restore_keyless", path=settings().home / "secret.key"), markup=False)


def _passphrase(file: Path, *, asked: bool) -> str | None:
    """Asked of a person at a terminal when there is something to open with it."""
    if not (asked and sys.stdin.isatty() and file.with_name(file.name + ".key").exists()):
        return None
    said: str = typer.prompt(
        text("restore_passphrase"), hide_input=True, default="", show_default=False, err=True
    )
    return said or None


def _content(manifest: Manifest) -> dict[str, Any]:
    return {"tables": say.number(len(manifest.tables)), "rows": say.number(manifest.rows)}


def _summary(manifest: Manifest) -> dict[str, Any]:
    known = asdict(manifest)
    chosen = ("made_at", "program", "postgresql", "dump_sha256", "key")
    return {"tables": len(manifest.tables), "rows": manifest.rows} | {name: known[name] for name in chosen}


def _told(copy: Copy) -> dict[str, Any]:
    summary = None if copy.manifest is None else _summary(copy.manifest)
    return {"path": str(copy.path), "bytes": copy.bytes, "manifest": summary}


def _row(copy: Copy) -> tuple[Any, ...]:
    found = copy.manifest
    if found is None:
        return (copy.path.name, _megabytes(copy.bytes), text("backup_unproven"), None, None, None, None)
    return (
        copy.path.name, _megabytes(copy.bytes), f"{found.made_at:%Y-%m-%d %H:%M} UTC", found.rows,
        found.revision, found.postgresql, text(f"key_{found.key}"),
    )  # fmt: skip


def _megabytes(size: int) -> str:
    return say.number(round(size / 2**20, 1))
