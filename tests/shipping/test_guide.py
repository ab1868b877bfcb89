"""What docs/deployment.md tells an integrator to type is typed here: the blocks marked `sh run`, in their order."""

import asyncio
import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options

from .conftest import ROOT, free_port

GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
RUN = re.compile(r"^```sh run\n(.*?)^```", re.MULTILINE | re.DOTALL)
PORTAL = "https://acme.bitrix24.ru/rest/1/CODE/"


def blocks(heading: str) -> list[str]:
    """The runnable blocks of one chapter."""
    [chapter] = [part for part in re.split(r"^## ", GUIDE, flags=re.MULTILINE) if part.startswith(heading)]
    return RUN.findall(chapter)


@pytest.fixture
def desk(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A folder to type in, and an environment in which the program is found and nothing is set."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "headwater").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m headwater "$@"\n')
    (bin_ / "headwater").chmod(0o755)
    (tmp_path / "desk").mkdir()
    foreign = ("HEADWATER_", "PG", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    ours = {"PATH": f"{bin_}:{os.environ['PATH']}", "PYTHONPYCACHEPREFIX": str(tmp_path / "compiled")}
    return tmp_path / "desk", kept | ours | {"HEADWATER_HOME": str(tmp_path / "home")}


async def typed(text: str, desk: tuple[Path, dict[str, str]], **more: str) -> str:
    """What a shell says that ends at the first command that fails."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-euc", text, cwd=desk[0], env=desk[1] | more,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    return said


@pytest.mark.timeout(300)
async def test_the_way_with_systemd_is_walked(desk, newest, newest_database):
    connecting, looking, another = blocks("With systemd")
    options = Options(deals=5, whole=False, limits=False)
    portal = bitrix24.built(options)
    addresses = {"ADMIN_ADDRESS": newest_database.url("postgres"), "APP_ADDRESS": newest_database.url()}
    files = {"HEADWATER_SECRETS_DIR": str(desk[0] / "secrets"), "HEADWATER_PORT": str(free_port())}
    async with bitrix24.served(portal, options) as there:
        prepared = await typed(another, desk, **addresses)
        (desk[0] / "secrets" / "headwater_admin_database_url").write_text(addresses["ADMIN_ADDRESS"])
        connected = await typed(connecting.replace(PORTAL, there.webhook), desk, **files)
        # The service is systemd's matter; here it runs beside.
        served = "headwater serve --no-worker >said 2>&1 & until grep -q listens said; do kill -0 $!; sleep 0.1; done\n"
        looked = await typed(f"trap 'kill $! && wait $!' EXIT\n{served}{looking}", desk, **files)
    portal.close()

    assert PORTAL in connecting
    assert "schema" in prepared
    assert re.search(r"^hw_\S{43}$", connected, re.MULTILINE)
    assert '"status":"ok"' in looked
    assert there.webhook not in looked


async def test_the_secrets_for_docker_are_what_the_compose_file_takes(desk):
    [making] = blocks("With Docker")
    await typed(making, desk)
    folder = desk[0] / "secrets"
    admin, app = (
        conninfo_to_dict((folder / f"headwater_{name}").read_text())
        for name in ("admin_database_url", "database_url")
    )

    named = set(re.findall(r"file: secrets/(\w+)", (ROOT / "compose.yaml").read_text()))
    assert {path.name for path in folder.iterdir()} == named
    assert (folder.stat().st_mode & 0o777, (folder / "postgres_password").stat().st_mode & 0o777) == (
        0o700,
        0o444,
    )
    assert (admin["user"], app["user"], admin["host"], app["sslmode"]) == (
        "postgres",
        "hw_app",
        "database",
        "disable",
    )
    assert admin["password"] == (folder / "postgres_password").read_text()
    assert (folder / "pgbouncer_users").read_text() == f'"hw_app" "{app["password"]}"\n'
