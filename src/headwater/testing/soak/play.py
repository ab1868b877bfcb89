"""Plays a round: syncs that are struck, a company that works meanwhile, then the comparison."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from headwater.cli import say
from headwater.sync import plan, proof
from headwater.testing.soak.script import Attempt, Script
from headwater.testing.soak.stage import Broken, Stage, killed, stage
from headwater.wiring import House, Link, Tenant, house

BEAT_SECONDS = 0.2
LOOK_SECONDS = 0.02
TRIES = 40  # a server that recovers, or a lock of a killed process, is waited for
SETTLE_SECONDS = plan.MARGIN.total_seconds() + 2
PASSING = (say.OK, say.LATER)

AUDIT = """
    select (select count(*) from public.crm_deals) as deals,
           (select count(*) from headwater.changes where action = 'create' and entity = 'deals') as created,
           (select coalesce(sum(total_records), 0)
              from headwater.sync_state where entity_type = 'deals') as counted,
           (select count(*) from headwater.failed) as failed,
           (select count(*) from headwater.sync_state where status <> 'complete') as unfinished
"""
LAST_WORDS = """
    with latest as (
        select distinct on (h.external_id, d.key) h.external_id, d.key, d.value -> 1 as value
          from headwater.history as h
         cross join lateral jsonb_each(h.diff) as d
         where h.entity = 'deals'
         order by h.external_id, d.key, h.began desc)
    select latest.external_id, latest.key
      from latest
      join bitrix24.crm_deals as t on t.bitrix_id = latest.external_id
     where coalesce(to_jsonb(t) -> latest.key, 'null') <> coalesce(latest.value, 'null')
     limit 5
"""


@dataclass(slots=True)
class Outcome:
    """What a round did and found; an empty `complaints` means that all is equal."""

    script: Script
    sync_kills: int = 0
    server_kills: int = 0
    faults: int = 0
    changes: int = 0
    compared: int = 0
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)


async def play(script: Script, *, bytecode: Path | None = None) -> Outcome:
    """One round from an empty home to the comparison; `bytecode` may be shared by many rounds."""
    outcome, began = Outcome(script), time.monotonic()
    try:
        async with stage(deals=script.deals, seed=script.seed, bytecode=bytecode) as on:
            await on.control.skew(script.skew)
            if (code := await on.run("connect", "bitrix24", on.webhook)) != say.OK:
                raise Broken(f"connect ended with {code}\n{on.last_words()}")
            async with _company(on, script, outcome):
                for attempt in script.attempts:
                    await _attempted(on, attempt, outcome)
            outcome.faults = sum((await on.control.stats())["faults_struck"].values())
            await on.control.clear_faults()
            await on.control.skew(script.skew + SETTLE_SECONDS)  # a window ends a little before now
            await _synced(on)
            await _compare(on, outcome)
    except Broken as exc:
        outcome.complaints.append(str(exc))
    outcome.seconds = time.monotonic() - began
    return outcome


@asynccontextmanager
async def _company(on: Stage, script: Script, outcome: Outcome) -> AsyncIterator[None]:
    """The company makes its changes beat by beat for as long as the block lasts."""

    async def beats() -> None:
        while not stop.is_set():
            outcome.changes += len(await on.control.work(script.changes))
            await asyncio.sleep(BEAT_SECONDS)

    stop = asyncio.Event()
    working = asyncio.create_task(beats())
    try:
        yield
    finally:
        stop.set()
        await working


async def _attempted(on: Stage, attempt: Attempt, outcome: Outcome) -> None:
    """One sync process and what strikes it."""
    for fault in attempt.faults:
        await on.control.add_fault(**fault)
    seen = await _requests(on)
    process = await on.start("sync", *(["--full"] if attempt.full else []))
    try:
        # The portal is another process: there is no event to wait for.
        while process.returncode is None and await _requests(on) < seen + attempt.requests:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(attempt.seconds)
        if attempt.strike.server:
            outcome.server_kills += on.kill_server()
        if attempt.strike.sync and process.returncode is None:
            await killed(process)
            outcome.sync_kills += 1
            return
        code = await on.ended(process, "a sync")
    finally:
        await killed(process)
    if code not in PASSING:  # the rest of the round shows whether it lost anything
        outcome.complaints.append(f"a sync ended with {code}, {attempt.strike} struck\n{on.last_words()}")


async def _synced(on: Stage) -> None:
    """Syncs to the end, undisturbed; what asks for patience gets some."""
    for _ in range(TRIES):
        code = await on.run("sync")
        if code == say.OK:
            return
        if code != say.LATER:
            raise Broken(f"the last sync ended with {code}\n{on.last_words()}")
        await asyncio.sleep(BEAT_SECONDS)
    raise Broken(f"the last sync asked for patience {TRIES} times\n{on.last_words()}")


async def _requests(on: Stage) -> int:
    return int((await on.control.stats())["requests"])


async def _compare(on: Stage, outcome: Outcome) -> None:
    """Every record and field against the portal's own, then the books: counters, feed, history."""
    async with house(on.settings) as opened:
        tenant = await opened.tenant()
        [link] = await opened.links(tenant)
        await _compare_records(opened, link, on, outcome)
        await _audit(opened, tenant, outcome)


async def _compare_records(opened: House, link: Link, on: Stage, outcome: Outcome) -> None:
    source = opened.source_of(link)
    try:
        found = await proof.compared(opened.warehouse, link, source, "deals", on.control.truth())
    finally:
        await source.close()
    outcome.compared = found.compared
    if found.missing:
        outcome.complaints.append(f"{len(found.missing)} records are missing: {found.missing[:10]}")
    if found.extra:
        outcome.complaints.append(f"{len(found.extra)} records are too many: {found.extra[:10]}")
    outcome.complaints += [
        f"record {id}, {name}: the portal has {theirs!r}, we have {ours!r}"
        for id, name, theirs, ours in found.differences
    ]


async def _audit(opened: House, tenant: Tenant, outcome: Outcome) -> None:
    [books] = await opened.warehouse.rows(tenant.id, AUDIT, {})
    if not books["deals"] == books["created"] == books["counted"] or books["failed"] or books["unfinished"]:
        outcome.complaints.append(f"the books do not agree: {books}")
    for row in await opened.warehouse.rows(tenant.id, LAST_WORDS, {}):
        outcome.complaints.append(f"record {row['external_id']}: the history of {row['key']} ends elsewhere")
