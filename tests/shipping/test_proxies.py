"""The proxies of deploy/: their own programs take the files, and the service behind them is what it is without."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from headwater.access import keys
from headwater.api.serving import bound, served
from headwater.core.clock import WallClock
from headwater.core.settings import Settings
from headwater.testing.sample import bench
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault
from headwater.wiring import House

from .conftest import ROOT, free_port

PATIENCE_SECONDS = 30


def nginx(folder: Path, upstream: int, port: int, plain: int, certificate: Path, key: Path) -> list[str]:
    """The server of deploy/nginx.conf on other ports, with another certificate."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    text = replaced(
        text,
        {
            "127.0.0.1:8080": f"127.0.0.1:{upstream}",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
            "/etc/letsencrypt/live/crm.example.com/fullchain.pem": str(certificate),
            "/etc/letsencrypt/live/crm.example.com/privkey.pem": str(key),
        },
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder};\n" for kind in kinds)
    whole = f"daemon off;\nuser root;\npid {folder}/pid;\nerror_log {folder}/log;\nevents {{}}\nhttp {{\n{paths}{text}}}\n"
    (folder / "nginx.conf").write_text(whole)
    return ["nginx", "-e", str(folder / "log"), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, upstream: int, port: int, plain: int, certificate: Path, key: Path) -> list[str]:
    """The site of deploy/Caddyfile on other ports, with another certificate."""
    text = replaced(
        (ROOT / "deploy" / "Caddyfile").read_text(),
        {
            "127.0.0.1:8080": f"127.0.0.1:{upstream}",
            "crm.example.com {": f"https://localhost:{port} {{\n\ttls {certificate} {key}",
        },
    )
    options = f"{{\n\tadmin off\n\thttp_port {plain}\n\tstorage file_system {folder}\n}}\n"
    (folder / "Caddyfile").write_text(options + text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def replaced(text: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@dataclass(frozen=True)
class Site:
    """The service behind a proxy, as the world reaches it."""

    client: httpx2.AsyncClient
    key: str


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
async def site(request: Any, newest_database: Any, tmp_path: Path) -> AsyncIterator[Site]:
    proxy: Callable[..., list[str]] = request.param
    if shutil.which(proxy.__name__) is None:
        pytest.skip(f"{proxy.__name__} is not installed")
    authority = trustme.CA()
    shown = authority.issue_cert("localhost")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    shown.cert_chain_pems[0].write_to_path(str(certificate))
    shown.private_key_pem.write_to_path(str(key))
    listener = bound("127.0.0.1", 0)
    port = free_port()
    words = proxy(tmp_path, listener.getsockname()[1], port, free_port(), certificate, key)
    async with Warehouse(newest_database.url(), size=2) as opened:
        settings = Settings(home=tmp_path, address_requests_per_minute=36)
        house = House(settings, opened, Vault(tmp_path / "secret.key"), WallClock())
        ours = await bench(opened)
        made = await keys.add(opened, ours.tenant.id, "bot", ["admin"], now=house.clock.now())
        async with served(house, listener):
            said = (tmp_path / "said").open("wb")
            process = await asyncio.create_subprocess_exec(*words, stdout=said, stderr=said)
            try:
                await listening(port, process)
                trust = ssl.create_default_context()
                authority.configure_trust(trust)
                async with httpx2.AsyncClient(base_url=f"https://localhost:{port}", verify=trust) as client:
                    yield Site(client, made)
            finally:
                process.terminate()
                await process.wait()
                said.close()


async def listening(port: int, process: asyncio.subprocess.Process) -> None:
    """Comes back when somebody takes connections there."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            assert process.returncode is None, "its words are in the file `said`"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def test_behind_a_proxy_it_is_encrypted_streams_flow_and_nobody_takes_anothers_address(site):
    bearer = {"authorization": f"Bearer {site.key}"}
    health = await site.client.get("/health", headers={"x-request-id": "mine-1"})
    start = (await site.client.post("/api/v1/sync/start/all", headers=bearer)).json()
    async with (
        site.client.stream("GET", start["watch"]["events"], headers=bearer) as stream,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        first = await anext(stream.aiter_lines())  # while the stream is open: nobody works on it
    large = await site.client.post("/api/v1/sync/start/all", headers=bearer, content=b" " * 1_100_000)
    many = [
        await site.client.get("/health", headers={"x-forwarded-for": f"203.0.113.{n}"}) for n in range(30)
    ]

    assert health.status_code == 200
    assert health.headers["x-request-id"] == "mine-1"
    assert health.headers["strict-transport-security"].startswith("max-age=")
    assert first
    assert large.status_code == 413
    assert {one.status_code for one in many} == {200, 429}
