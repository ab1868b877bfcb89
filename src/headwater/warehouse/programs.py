"""Programs of PostgreSQL that copy databases: told whom to log in as, heard when they fail."""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from headwater.core.errors import NeedsPerson
from headwater.warehouse.address import parsed

HARMLESS = re.compile(
    "pg_restore: |error: "
    '|could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"'
    r"|Command was: SET transaction_timeout = 0;|warning: errors ignored on restore: \d+|\s"
)
"""The pieces of what a pg_restore of 17 or newer always says to a server of 15 or 16. Several at work at once
write piece by piece between each other's."""

VARIABLES = {"dbname": "PGDATABASE", "connect_timeout": "PGCONNECT_TIMEOUT"}


async def said(
    program: Path,
    words: Sequence[str | Path],
    *,
    address: str | None = None,
    settings: Mapping[str, str] | None = None,
    patient: bool = False,
) -> str:
    """What the program writes. A password travels in its environment, never on its command line.

    `settings` are the session's; `patient`: what an older server does not know of a newer pg_restore is no
    failure. When we are cancelled, the program is ended. Raises NeedsPerson with its last words.
    """
    variables = {VARIABLES.get(key, "PG" + key.upper()): value for key, value in _parts(address).items()}
    options = " ".join(
        [variables.get("PGOPTIONS", ""), *(f"-c {k}={v}" for k, v in (settings or {}).items())]
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    try:
        process = await asyncio.create_subprocess_exec(
            program, *words, env=inherited | variables | {"PGOPTIONS": options.strip(), "LC_ALL": "C"},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as exc:
        raise NeedsPerson(
            f"cannot run {program} ({exc.strerror}): name a folder that has it in HEADWATER_PG_BINDIR"
        ) from exc
    try:
        out, err = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    complaint = err.decode(errors="replace").strip()
    if process.returncode != 0 and not (patient and HARMLESS.sub("", complaint) == ""):
        raise NeedsPerson(f"{program.name} said: {' '.join(complaint.splitlines()[:6])}")
    return out.decode(errors="replace")


def _parts(address: str | None) -> Mapping[str, str]:
    return parsed(address) if address is not None else {}
