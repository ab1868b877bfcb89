"""`headwater service`: a hardened systemd unit for the service, and the commands that come next."""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from headwater.cli import say
from headwater.cli.frame import guarded, settings
from headwater.core.errors import NeedsPerson

NAME = "headwater.service"
SYSTEM = Path("/etc/systemd/system")
UNIT = """\
[Unit]
Description=Headwater: a CRM's data, live in PostgreSQL
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
{who}Environment="HEADWATER_HOME={home}"
EnvironmentFile=-{home}/service.env
WorkingDirectory={home}
ExecStart="{program}" -m headwater serve
Restart=always
RestartSec=5
RestartPreventExitStatus=2 3
TimeoutStartSec=infinity
TimeoutStopSec=150
KillMode=mixed
UMask=0077

NoNewPrivileges=yes
ProtectSystem=strict
{sheltered}# PostgreSQL's socket is in /tmp where the home's path is long: other commands look for it there.
ReadWritePaths="{home}" /tmp
{deep}LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy={target}
"""
DEEP = """\
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
"""
"""What a unit of the system can have besides; a user's own has no right to it."""

POWERLESS = "CapabilityBoundingSet=\n"
"""Of a service that is not root's: root's starts PostgreSQL as somebody else."""

app = typer.Typer(help="Run as a service of systemd.", no_args_is_help=True, rich_markup_mode=None)

User = Annotated[bool, typer.Option("--user", help="A unit of your own, without root.")]


@app.command()
def install(
    user: User = False,
    run_as: Annotated[
        str | None,
        typer.Option("--run-as", metavar="USER", help="Whose service it is; default: who ran sudo, or you."),
    ] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Print the unit and write nothing.")] = False,
) -> None:
    """Write a systemd unit that runs `headwater serve` and starts it again when it dies.

    Settings besides HEADWATER_HOME go into service.env in the data home, NAME=value a line.

    Examples: headwater service install --user · sudo headwater service install --run-as headwater ·
    headwater service install --print
    """

    def work() -> None:
        home = settings().home.absolute()
        text = unit(home=home, program=Path(sys.executable), run_as=None if user else run_as or _me())
        if only_print:
            say.plain(text.rstrip("\n"))
            return
        path = place(user=user)
        _write(path, text)
        control = "systemctl --user" if user else "systemctl"
        say.line("service_written", path=path)
        say.plain(f"    {control} daemon-reload\n    {control} enable --now headwater")
        if user:
            say.line("service_linger")
            say.plain(f"    loginctl enable-linger {getpass.getuser()}")
        say.plain(f"    {control} status headwater\n    journalctl {'--user ' * user}-u headwater -f")
        if path.parent == SYSTEM and not home.exists():
            say.line("service_home", home=home, user=run_as or _me())

    guarded(work, as_json=False)


@app.command()
def uninstall(user: User = False) -> None:
    """Remove the unit; data and settings stay.

    Examples: headwater service uninstall --user · sudo headwater service uninstall
    """

    def work() -> None:
        path = place(user=user)
        control = "systemctl --user" if user else "systemctl"
        try:
            path.unlink()
        except FileNotFoundError as exc:
            raise NeedsPerson(f"there is no {path}: nothing was installed here") from exc
        except OSError as exc:
            raise NeedsPerson(
                f"cannot remove {path} ({exc.strerror}): run it as root, or with --user"
            ) from exc
        say.line("service_removed", path=path)
        say.plain(f"    {control} stop headwater\n    {control} daemon-reload")

    guarded(work, as_json=False)


def unit(*, home: Path, program: Path, run_as: str | None) -> str:
    """The unit's text. `run_as`: whose process it is; None for a unit of a user's own."""
    for word in (str(home), str(program), run_as or ""):
        if any(not letter.isprintable() or letter in '"\\%$' for letter in word):
            raise NeedsPerson(f"{word!r} has letters that a unit cannot hold: choose another HEADWATER_HOME")
    if run_as is not None and any(letter.isspace() for letter in run_as):
        raise NeedsPerson(f"{run_as!r} cannot be a user's name")
    inside = Path.home() in (home, *home.parents)
    return UNIT.format(
        who="" if run_as is None else f"User={run_as}\n",
        home=home,
        program=program,
        sheltered="" if inside or Path.home() in program.parents else "ProtectHome=yes\n",
        deep="" if run_as is None else DEEP + (POWERLESS if run_as != "root" else ""),
        target="default.target" if run_as is None else "multi-user.target",
    )


def place(*, user: bool) -> Path:
    """Where the unit is kept."""
    if not user:
        return SYSTEM / NAME
    kept = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(kept) / "systemd" / "user" / NAME


def _me() -> str:
    return os.environ.get("SUDO_USER") or getpass.getuser()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise NeedsPerson(
            f"cannot write {path} ({exc.strerror}): run it with sudo, or say --user for a unit of your own"
        ) from exc
