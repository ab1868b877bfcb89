"""The queue of offline events, from the portal to the tables: nothing lost, nothing twice, whatever stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx2
import orjson
import pytest

from headwater.core.model import Pack, SetSpec
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options, Portal
from headwater.sandbox.bitrix24.offline import Queue
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync.offline import due, foreign
from headwater.testing.river import River
from headwater.warehouse import connections
from headwater.warehouse.pacer import Pacer
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.tokens import Tokens
from headwater.warehouse.vault import Vault

HOST = "acme.bitrix24.ru"


class Stream(River):
    """A river whose connection is an application's."""

    vault: Vault

    def source(self) -> Bitrix24:
        return Bitrix24(
            self.vault.open(self.link.sealed),
            pace=Pacer(self.warehouse, self.clock, share=1.0, now=self.clock.now),
            clock=self.clock, transport=self.transport, portal=self.link.portal, memory=self.link.memory,
            tokens=Tokens(self.warehouse, self.vault, self.clock, self.link),
        )  # fmt: skip

    async def sync_all(self, *entities: str, **words: Any) -> list[Any]:
        [self.link] = await connections.links(self.warehouse, self.tenant.id)
        return await super().sync_all(*entities, **words)

    async def quiet(self) -> dict[str, Any]:
        """A sync; its runs by entity. Everything done so far lies inside its window."""
        self.settle()
        return {run.entity: run for run in await self.sync_all()}

    @property
    def waiting(self) -> int:
        """Events in the portal's queue, whoever has set them aside."""
        return len(self.entries)

    @property
    def entries(self) -> list[dict[str, Any]]:
        offline = self.portal.offline
        return offline.page(self.queue, offline.chosen({}, {}, ()), 0, 1_000)[0]

    @property
    def queue(self) -> Queue:
        return Queue(self.portal.apps.one().id, "headwater")

    def deals(self) -> list[int]:
        return [int(record["ID"]) for record in self.portal.truth()]

    async def deal(self, number: int) -> dict[str, Any] | None:
        rows = await self.rows("select * from bitrix24.crm_deals where bitrix_id = %(id)s", id=str(number))
        return rows[0] if rows else None

    async def packs(self) -> list[str]:
        return await connections.packs(self.warehouse, self.link)


@asynccontextmanager
async def flowing(url: str, folder: Any, portal: Portal | None = None) -> AsyncIterator[Stream]:
    made = portal or bitrix24.built(Options(deals=60, seed=3, virtual=True))
    made.install_app(user_id=made.books.webhooks[0].user_id)
    for feature in ("rest_offline_extended", "rest_auth_connector"):
        made.set_feature(feature, on=True)
    grant = made.grant()
    vault = Vault(folder / "secret.key")
    credentials = Bitrix24.application(
        f"https://{HOST}", grant.client_id, grant.client_secret, grant.refresh_token, f"https://{HOST}"
    )
    async with Warehouse(url, size=3) as warehouse:
        owner = await connections.put_tenant(warehouse, "main", "main")
        link = await connections.put_link(
            warehouse, owner, source="bitrix24", portal=HOST, title=HOST, sealed=vault.seal(credentials),
            account={},
        )  # fmt: skip
        stream = Stream(warehouse, made, owner, link)
        stream.vault = vault
        try:
            yield stream
        finally:
            made.close()


@pytest.fixture
async def stream(newest_database, tmp_path) -> AsyncIterator[Stream]:
    """Synced once, so that its events are kept from now on."""
    async with flowing(newest_database.url(), tmp_path) as flown:
        await flown.sync_all()
        yield flown


class Crash(BaseException):
    """The process is gone."""


class CrashAt(httpx2.AsyncBaseTransport):
    """The process is gone when it asks for a method, before the portal hears of it, or after it has done it."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, method: str, *, after: bool = False) -> None:
        self.inner = inner
        self.method = method
        self.after = after

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        here = self.method in request.url.path
        if here and not self.after:
            raise Crash
        response = await self.inner.handle_async_request(request)
        if here:
            raise Crash
        return response


class CrashAfter(httpx2.AsyncBaseTransport):
    """The process is gone when so many answers were given."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, answers: int) -> None:
        self.inner = inner
        self.answers = answers

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self.inner.handle_async_request(request)
        self.answers -= 1
        if self.answers < 0:
            raise Crash
        return response


class Forgetful(httpx2.AsyncBaseTransport):
    """A portal whose list of events does not say who has set them aside."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self.inner.handle_async_request(request)
        if "event.offline.list" not in request.url.path:
            return response
        told = orjson.loads(await response.aread())
        rows = [{key: value for key, value in row.items() if key != "PROCESS_ID"} for row in told["result"]]
        return httpx2.Response(200, json={**told, "result": rows})


async def test_the_first_sync_binds_and_reads_everything_once(stream):
    assert stream.portal.stats.requests["event.offline.get"] == 0
    assert len(stream.portal.events.of(stream.portal.apps.one())) > 20
    assert (await stream.compare()).equal


async def test_what_no_window_shows_is_brought_by_its_event(stream):
    [changed, *_] = stream.deals()
    stream.settle()
    stream.portal.change(changed, {"TITLE": "changed without moving a time"}, touch=False)

    runs = await stream.quiet()

    assert (await stream.deal(changed))["title"] == "changed without moving a time"
    assert (await stream.compare()).equal
    assert (runs["deals"].again, runs["deals"].stored.updated, stream.waiting) == (1, 1, 0)
    [seen] = await stream.rows("select seen_by from headwater.history where entity = 'deals'")
    assert seen["seen_by"] == "event"


async def test_the_deleted_move_to_gone_without_a_reconciliation(stream):
    gone = stream.deals()[:3]
    stream.portal.remove(gone)

    runs = await stream.quiet()

    found = await stream.rows("select external_id, noticed from headwater.gone where entity = 'deals'")
    assert {int(row["external_id"]) for row in found} == set(gone)
    assert {row["noticed"] for row in found} == {"event"}
    assert runs["deals"].stored.deleted == 3
    assert (await stream.compare()).equal
    assert stream.waiting == 0


async def test_every_entity_hears_of_its_own(stream):
    kinds = {"lead": "leads", "contact": "contacts", "company": "companies", "activity": "activities",
             "product": "products", "dynamic_177": "items_177"}  # fmt: skip
    removed = {}
    for name, entity in kinds.items():
        first = next(iter(stream.portal.truth(name)))
        removed[entity] = str(first.get("ID") or first.get("id"))
        stream.portal.remove([int(removed[entity])], entity=name)

    await stream.quiet()

    gone = await stream.rows("select entity, external_id from headwater.gone where noticed = 'event'")
    for entity, id in removed.items():
        assert {"entity": entity, "external_id": id} in gone
    assert stream.waiting == 0


async def test_a_deal_that_moved_to_another_pipeline_is_read_again(stream):
    [moved, *_] = stream.deals()
    stage = next(
        s for s in stream.portal.truth() if s["CATEGORY_ID"] != (stage_of(stream, moved)["CATEGORY_ID"])
    )
    stream.portal.change(
        moved, {"CATEGORY_ID": stage["CATEGORY_ID"], "STAGE_ID": stage["STAGE_ID"]}, touch=False
    )
    names = {row["EVENT_NAME"] for row in stream.entries}

    await stream.quiet()

    assert names == {"ONCRMDEALMOVETOCATEGORY"}
    assert (await stream.deal(moved))["category_id"] == stage["CATEGORY_ID"]


def stage_of(stream: Stream, number: int) -> dict[str, Any]:
    return next(one for one in stream.portal.truth() if one["ID"] == str(number))


async def test_comments_that_were_changed_or_deleted_are_read_with_their_record(stream):
    [deal, *_] = stream.deals()
    records, table = stream.portal.records, stream.portal.tables["comment"]
    said = {"ENTITY_TYPE": "deal", "ENTITY_ID": str(deal), "COMMENT": "first"}
    kept, lost = (records.add(table, said, 1) for _ in range(2))
    await stream.quiet()
    await stream.quiet()
    before = await bodies(stream, deal)
    stream.portal.change(kept, {"COMMENT": "second"}, entity="comment")
    stream.portal.remove([lost], entity="comment")

    await stream.quiet()

    assert before.count("first") == 2
    after = await bodies(stream, deal)
    assert "second" in after
    assert "first" not in after
    assert len(after) == len(before) - 1


async def bodies(stream: Stream, deal: int) -> list[str]:
    rows = await stream.rows(
        "select body from crm_comments where entity = 'deals' and external_id = %(id)s", id=str(deal)
    )
    return [row["body"] or "" for row in rows]


async def test_a_thousand_events_are_a_handful_of_requests(newest_database, tmp_path):
    portal = bitrix24.built(Options(deals=1_200, whole=False, virtual=True))
    async with flowing(newest_database.url(), tmp_path, portal) as stream:
        await stream.sync_all()
        await stream.rows(
            "update headwater.sync_config set enabled = false where entity_type = 'deal_comments'"
        )
        stream.settle()
        stream.settle()
        for number in stream.deals()[:1_000]:
            for _ in range(3):
                portal.change(number, {"TITLE": f"mass edit {number}"}, touch=False)
        before = sum(portal.stats.requests.values())

        runs = await stream.quiet()

        assert runs["deals"].again == 1_000
        assert sum(portal.stats.requests.values()) - before < 14
        assert (await stream.compare()).equal
        assert stream.waiting == 0


@pytest.mark.parametrize("after", [False, True], ids=["before the portal cleared", "after it did"])
@pytest.mark.parametrize("forgetful", [False, True], ids=["the list tells", "only we remember"])
async def test_a_crash_between_reading_and_clearing_loses_nothing_and_does_nothing_twice(
    stream, after, forgetful
):
    changed, gone, *_ = stream.deals()
    stream.portal.change(changed, {"TITLE": "once"}, touch=False)
    stream.portal.remove([gone])
    whole = Forgetful(stream.transport) if forgetful else stream.transport
    stream.transport = CrashAt(whole, "event.offline.clear", after=after)
    with pytest.raises(Crash):
        await stream.quiet()
    left, remembered = stream.waiting, await stream.packs()
    stream.transport = whole

    await stream.quiet()

    assert len(remembered) == 1
    assert (left == 0) is after
    assert (stream.waiting, await stream.packs()) == (0, [])
    assert (await stream.compare()).equal
    changes = await stream.rows(
        "select external_id, action from headwater.changes where entity = 'deals' and action <> 'create'"
    )
    assert sorted((int(row["external_id"]), row["action"]) for row in changes) == sorted(
        [(changed, "update"), (gone, "delete")]
    )
    assert len(await stream.rows("select seen_by from headwater.history where entity = 'deals'")) == 1


async def test_a_crash_after_any_answer_of_a_run_loses_nothing(stream):
    deals, whole = iter(stream.deals()), stream.transport
    for answers in count():
        changed, gone = next(deals), next(deals)
        stream.portal.change(changed, {"TITLE": f"crash {answers}"}, touch=False)
        stream.portal.remove([gone])
        stream.transport = CrashAfter(whole, answers)
        crashed = False
        try:
            await stream.quiet()
        except Crash:
            crashed = True
        stream.transport = whole
        await stream.quiet()
        assert (await stream.compare()).equal, f"crash after answer {answers}"
        assert (stream.waiting, await stream.packs()) == (0, []), f"crash after answer {answers}"
        if not crashed:
            break

    assert answers >= 8


async def test_a_pack_that_nobody_remembers_is_found_in_the_list(stream):
    [changed, *_] = stream.deals()
    stream.portal.change(changed, {"TITLE": "set aside by the dead"}, touch=False)
    stream.portal.offline.reserve(stream.queue, stream.portal.offline.chosen({}, {}, ()), 50)

    await stream.quiet()

    assert (await stream.deal(changed))["title"] == "set aside by the dead"
    assert stream.waiting == 0


async def test_a_pack_that_the_portal_has_forgotten_is_forgotten_here(stream):
    await connections.put_pack(stream.warehouse, stream.link, "long ago")
    await connections.put_pack(stream.warehouse, stream.link, "long ago")
    before = await stream.packs()

    await stream.quiet()

    assert (before, await stream.packs()) == (["long ago"], [])


async def test_events_of_what_is_not_read_are_cleared(stream):
    lead = next(iter(stream.portal.truth("lead")))["ID"]
    await stream.rows("update headwater.sync_config set enabled = false where entity_type = 'leads'")
    stream.portal.change(int(lead), {"TITLE": "nobody reads this"}, entity="lead")
    for name, fields in (
        ("ONCRMSOMETHINGNEW", {"ID": "1"}),
        ("ONCRMDYNAMICITEMADD", {"ID": "1", "ENTITY_TYPE_ID": "31"}),
        ("ONCRMDEALUPDATE", {"ID": "none"}),
        ("ONCRMDEALUPDATE", {}),
    ):
        stream.portal.offline.add(stream.queue, name, fields, 1)

    await stream.quiet()

    assert stream.waiting == 0
    assert await stream.rows("select external_id from crm_leads where title = 'nobody reads this'") == []


async def test_ids_that_the_portal_does_not_have_do_no_harm(stream):
    for number in ("999999999", str(2**62)):
        stream.portal.offline.add(stream.queue, "ONCRMDEALUPDATE", {"ID": number}, 1)

    runs = await stream.quiet()

    assert runs["deals"].stored.failed == 0
    assert stream.waiting == 0


async def test_a_queue_that_fails_is_noted_and_the_windows_go_on(stream):
    stream.portal.add_fault({"kind": "html", "method": "event.offline.get", "status": 502, "count": None})
    [changed, *_] = stream.deals()
    stream.settle()
    stream.portal.change(changed, {"TITLE": "by the window"})

    await stream.quiet()

    logs = await stream.rows("select notes from sync_logs where notes ? '(offline events)'")
    assert len(logs) == 1
    assert "HTTP 502" in logs[0]["notes"]["(offline events)"]["reason"]
    assert (await stream.deal(changed))["title"] == "by the window"
    assert stream.waiting == 1


async def test_a_plan_that_lost_its_queue_falls_back_to_windows_and_returns(stream):
    [changed, *_] = stream.deals()
    stream.portal.set_feature("rest_offline_extended", on=False)
    stream.portal.change(changed, {"TITLE": "by the window"})
    await stream.quiet()
    first = (await stream.deal(changed))["title"]
    stream.portal.set_feature("rest_offline_extended", on=True)
    stream.portal.change(changed, {"TITLE": "by its event"}, touch=False)

    await stream.quiet()

    assert first == "by the window"
    assert (await stream.deal(changed))["title"] == "by its event"


async def test_access_that_expires_at_every_request_disturbs_nothing(stream):
    class Expiring(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request):
            response = await whole.handle_async_request(request)
            if request.url.path.startswith("/rest/") and response.status_code == 200:
                stream.portal.expire_tokens()
            return response

    whole, gone = stream.transport, stream.deals()[:2]
    stream.portal.remove(gone)
    stream.transport = Expiring()

    await stream.quiet()

    stream.transport = whole
    assert (await stream.compare()).equal
    assert stream.waiting == 0
    assert stream.portal.stats.requests["oauth/token"] > 8


async def test_a_renamed_portal_keeps_its_connection_and_its_new_host(stream):
    stream.portal.add_fault({"kind": "moved", "to": "new.bitrix24.ru", "count": 1})
    await stream.quiet()
    [link] = await connections.links(stream.warehouse, stream.tenant.id)
    stream.link = link

    assert link.portal == stream.source().portal == "new.bitrix24.ru"
    assert link.memory["connector"] == "headwater"
    assert (await stream.compare()).equal


COMMENTS = SetSpec("deal_comments", "comments", {"entity": "deals"})
CONTACTS = SetSpec("deal_contacts", "links", {"entity": "deals"})


@pytest.mark.parametrize(
    ("run", "specs", "ids", "owners", "rows"),
    [
        ("deals", [COMMENTS, CONTACTS], ["1"], {"deal_comments": ["7"]}, {"deal_comments": ["99"]}),
        ("deals", [CONTACTS], ["1"], {}, {}),
        ("leads", [], ["2"], {}, {}),
        ("calls", [COMMENTS], [], {"deal_comments": ["7"]}, {"deal_comments": ["99"]}),
    ],
)
def test_a_pack_asks_of_each_run_what_is_its_own(run, specs, ids, owners, rows):
    found = due(PACK, run, specs)

    assert (list(found.ids), found.owners, found.rows) == (ids, owners, rows)


PACK = Pack(
    "p", ["m"], {"deals": ["1"], "leads": ["2"]}, {"deal_comments": ["7"], "lead_comments": ["8"]},
    {"comments": ["99"]}, {"ONTASKADD": 3}, 5,
)  # fmt: skip


def test_what_concerns_no_run_is_counted():
    assert foreign(PACK, {"deals"}) == {"ONTASKADD": 3, "leads": 1}
    assert foreign(PACK, {"deals", "leads"}) == {"ONTASKADD": 3}
