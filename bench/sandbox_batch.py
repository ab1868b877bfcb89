"""What the rehearsal portal itself costs: CPU and memory a record in batches of 50 x 50 all-field pages.

    python -m bench.sandbox_batch [deals]

The budget is 20 µs of CPU and 1 KB of memory a record, so that what is measured against the portal is the
other side.
"""

import asyncio
import gc
import os
import resource
import statistics
import sys
import time
from collections.abc import MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson

from bench.ground import Ground
from bench.measure import Sample, ran
from headwater.sandbox.bitrix24 import Options, Portal, PortalClock, Rules, app, found, live, served

BATCHES = 12


def chain(after: int) -> dict[str, str]:
    """Fifty keyset pages with all fields, each beginning where the one before ended."""
    page = "crm.deal.list?start=-1&order[ID]=ASC&select[]=*&select[]=UF_*&filter[>ID]="
    return {"1": f"{page}{after}"} | {str(n): f"{page}$result[{n - 1}][49][ID]" for n in range(2, 51)}


async def in_process(portal: Portal, batches: int) -> list[float]:
    """µs a record through the ASGI application alone, without sockets."""
    serve = app(portal)
    costs, after = [], 0
    for _ in range(batches):
        content = orjson.dumps({"cmd": chain(after)})
        sent: list[bytes] = []

        async def receive(content: bytes = content) -> dict[str, Any]:
            return {"type": "http.request", "body": content}

        async def send(message: MutableMapping[str, Any], sent: list[bytes] = sent) -> None:
            sent.append(message.get("body", b""))

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/rest/1/bench/batch",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        before = time.process_time()
        await serve(scope, receive, send)
        spent = time.process_time() - before
        pages = orjson.loads(b"".join(sent))["result"]["result"]
        costs.append(spent / sum(map(len, pages.values())) * 1e6)
        after = int(pages["50"][-1]["ID"])
    return costs


async def over_http(portal: Portal, batches: int) -> float:
    """µs a record of this process over a real socket, the reading client's share included."""
    async with served(portal, Options()) as address, httpx2.AsyncClient(timeout=60) as client:
        before, records = time.process_time(), 0
        for _ in range(batches):
            answer = await client.post(address.webhook + "batch", json={"cmd": chain(0)})
            records += 2500
        assert answer.status_code == 200
        return (time.process_time() - before) / records * 1e6


def _memory() -> int:
    """The memory this process has now, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    start = PortalClock(datetime.fromisoformat("2026-11-20T12:00:00+03:00"))
    portal = Portal(found(1, code="bench"), clock=start, rules=Rules(on=False))
    empty = _memory()
    live(portal, count, whole=False)
    memory = (_memory() - empty) / count
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # as `serve` does
    batches = min(BATCHES, count // 2500)
    costs = asyncio.run(in_process(portal, batches))
    found_ = {
        "memory": memory,
        "in process": statistics.median(costs),
        "over HTTP": asyncio.run(over_http(portal, batches)),
    }
    print(orjson.dumps(found_).decode())


async def once(ground: Ground) -> list[Sample]:
    """One run, in a process of its own: its memory is not ours."""
    deals = ground.size(200_000, 20_000)
    command = [sys.executable, "-m", "bench.sandbox_batch", str(deals)]
    said, _ = ran(command, env=os.environ, cwd=Path.cwd())
    found_ = orjson.loads(said)
    return [
        Sample("memory a record", found_["memory"], "bytes"),
        Sample("CPU a record, in process", found_["in process"], "µs"),
        Sample("CPU a record, over HTTP, its client included", found_["over HTTP"], "µs"),
    ]


if __name__ == "__main__":
    main()
