"""Everything of a tenant as one archive, made while it is handed out: it never lies whole in memory."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import orjson

from headwater import __version__
from headwater.access.audit import logged
from headwater.warehouse import exporting
from headwater.warehouse.connections import Tenant
from headwater.warehouse.pool import Warehouse

MANIFEST = "manifest.json"


class _Pipe(io.RawIOBase):
    """Takes what the archive writes, for who asks for it next."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        found = bytes(self._held)
        self._held.clear()
        return found


async def archive(warehouse: Warehouse, tenant: Tenant, *, by: str, now: datetime) -> AsyncIterator[bytes]:
    """A ZIP archive, piece by piece: a file of JSON lines for each table, as all of them are at one moment,
    and at last a manifest with the rows and the SHA-256 of each. That somebody took it is written down, with
    how many rows he got, also when he left before the end."""
    pipe, files = _Pipe(), list[dict[str, Any]]()
    tables = await exporting.tables(warehouse, tenant.id)
    try:
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            async with exporting.moment(warehouse, tenant.id) as conn:
                for place in tables:
                    name = f"{place.shown}.ndjson"
                    digest = hashlib.sha256()
                    files.append({"file": name, "rows": 0, "sha256": ""})
                    with packed.open(name, "w", force_zip64=True) as file:
                        async for lines in exporting.lines(conn, tenant.id, place):
                            data = "".join(f"{line}\n" for line in lines).encode()
                            files[-1]["rows"] += len(lines)
                            await asyncio.to_thread(file.write, data)
                            digest.update(data)
                            yield pipe.taken()
                    files[-1]["sha256"] = digest.hexdigest()
            manifest = {
                "tenant": tenant.slug, "title": tenant.title, "made_at": now, "program": __version__,
                "files": files, "left_out": dict(exporting.LEFT_OUT),
            }  # fmt: skip
            packed.writestr(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        yield pipe.taken()
    finally:
        await logged(warehouse, tenant.id, by, "export", None, sum(one["rows"] for one in files), now=now)
