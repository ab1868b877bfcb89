"""How much of everything a tenant uses."""

from typing import Any

from fastapi import APIRouter

from headwater.api.callers import Opened, Reader
from headwater.sync.usage import Size, used

router = APIRouter(tags=["data"])


@router.get("/api/data/usage", summary="What is kept, and how much it takes")
async def usage(who: Reader, house: Opened) -> dict[str, Any]:
    """Records of every entity, rows and bytes of every table (history, events and the failed queue among
    them), requests to the sources in the last day and in the last thirty. Where several companies share
    tables their bytes are divided by rows: `bytes_exact` is false then. `backups`: the copies of the
    database, where it is all yours."""
    links = await house.kept(who.tenant)
    now = house.clock.now()
    alone = await house.alone()
    found = await used(house.warehouse, who.tenant, links, now=now, alone=alone)
    requests = {link.id: found.requests.get(link.id, (0, 0)) for link in links}
    return {
        "at": now,
        "bytes": found.bytes,
        "connections": [
            {
                "connection": link.slug,
                "entities": [
                    {"entity": one.entity, "records": one.stored, "failed": one.failed}
                    for one in found.standings
                    if one.connection == link.slug
                ],
                "requests": {"day": requests[link.id][0], "month": requests[link.id][1]},
            }
            for link in links
        ],
        "tables": [_table(one) for one in found.tables],
        "backups": _backups(house) if alone else None,
    }


def _table(one: Size) -> dict[str, Any]:
    return {
        "table": one.table,
        "connection": one.connection,
        "rows": one.rows,
        "rows_exact": one.rows_exact,
        "bytes": one.bytes,
        "bytes_exact": one.bytes_exact,
    }


def _backups(house: Opened) -> dict[str, int]:
    sizes = [file.stat().st_size for file in (house.settings.home / "backups").glob("*") if file.is_file()]
    return {"files": len(sizes), "bytes": sum(sizes)}
