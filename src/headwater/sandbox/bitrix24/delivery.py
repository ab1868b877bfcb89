"""Carries events to their handlers as the vendor's queue does: once each, without looking back."""

import asyncio

import httpx2

from headwater.sandbox.bitrix24.events import Events, Message

BEAT_SECONDS = 0.05
PATIENCE_SECONDS = 5.0
_FORM = {"content-type": "application/x-www-form-urlencoded"}


async def carry(events: Events) -> None:
    """Delivers whatever becomes due, until cancelled. Each handler is called in turn, so that a slow one
    delays only itself; what fails is counted and never sent again."""
    busy: set[int] = set()
    async with httpx2.AsyncClient(timeout=PATIENCE_SECONDS) as http, asyncio.TaskGroup() as couriers:
        while True:
            for handler_id in events.ready() - busy:
                busy.add(handler_id)
                couriers.create_task(_visit(http, events, handler_id, busy))
            await asyncio.sleep(BEAT_SECONDS)


async def _visit(http: httpx2.AsyncClient, events: Events, handler_id: int, busy: set[int]) -> None:
    try:
        while messages := events.take(handler_id, 1):
            await _deliver(http, events, messages[0])
    finally:
        busy.discard(handler_id)


async def _deliver(http: httpx2.AsyncClient, events: Events, message: Message) -> None:
    try:
        answer = await http.post(message.url, content=message.body, headers=_FORM)
    except httpx2.HTTPError:  # the vendor only counts it, and so do we
        events.counts["failed"] += 1
    else:
        events.counts["delivered" if answer.is_success else "refused"] += 1
