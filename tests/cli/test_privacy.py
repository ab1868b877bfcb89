"""`headwater privacy`: what a connection keeps, shown and changed."""

from datetime import UTC, datetime

import psycopg
import pytest

from headwater.warehouse import connections, lease
from headwater.warehouse.pool import Warehouse

WORD = "Тайна77"


@pytest.fixture
def written(filled, given):
    """A comment in a deal, which is stored."""
    deal = next(int(record["ID"]) for record in filled.portal.truth())
    filled.spoil(deal, COMMENTS=WORD)
    return filled


async def test_everything_is_kept_until_somebody_says_otherwise(filled, headwater):
    shown = await headwater("privacy")
    told = await headwater("privacy", "--json")

    assert shown.code == 0
    assert f"bitrix24 {filled.host} full 0" in shown.words
    assert [(one["privacy"], one["not_kept"]) for one in told.json] == [("full", {})]


async def test_changing_to_analytics_erases_and_says_what(written, headwater, given):
    await headwater("sync")
    before = given.holding(WORD)

    refused = await headwater("privacy", "analytics")
    said = await headwater("privacy", "analytics", "--yes")
    shown = await headwater("privacy")
    again = await headwater("privacy", "analytics", "--yes", "--json")

    assert "bitrix24.crm_deals" in before
    assert refused.code == 2
    assert "to erase without being asked, say --yes" in refused.words
    assert said.code == 0
    assert "bitrix24: free text, files and secrets are not kept any more" in said.words
    assert "bitrix24.crm_deals: 16 rows" in said.words
    assert given.holding(WORD) == []
    assert "bitrix24.deals, not kept: " in shown.words
    assert "COMMENTS" in shown.words
    assert (again.json["news"], again.json["erased"]) == (False, {})


async def test_back_to_full_the_next_sync_brings_it_again(written, headwater, given):
    await headwater("privacy", "analytics", "--yes")
    await headwater("sync")
    before = given.holding(WORD)

    said = await headwater("privacy", "full")
    again = await headwater("privacy", "full")
    synced = await headwater("sync", "--json")

    assert before == []
    assert "The next sync reads everything again" in said.words
    assert "everything is kept already" in again.words
    assert {run["sync_type"] for run in synced.json} == {"full"}
    assert "bitrix24.crm_deals" in given.holding(WORD)


async def test_who_connects_is_told_what_will_be_kept(rehearsal, headwater, given):
    first = await headwater("connect", "bitrix24", rehearsal.webhook)
    with psycopg.connect(given.url("postgres"), autocommit=True) as admin:
        admin.execute("insert into headwater.tenants (slug, title) values ('other', 'Other')")
    second = await headwater("connect", "bitrix24", rehearsal.webhook, "--tenant", "other")

    assert "Everything is kept (privacy mode full)" in first.words
    assert "Free text, files and secrets are not kept (privacy mode analytics" in second.words


async def test_while_somebody_syncs_it_says_who_and_changes_nothing(written, headwater, given):
    async with Warehouse(given.url(), size=2) as warehouse:
        [owner] = await connections.tenants(warehouse)
        [link] = await connections.links(warehouse, owner.id)
        async with lease.taken(warehouse, owner.id, link.id, now=datetime.now(UTC)):
            said = await headwater("privacy", "analytics", "--yes")
        shown = await headwater("privacy", "--json")

    assert said.code == 4
    assert "is syncing this connection" in said.words
    assert shown.json[0]["privacy"] == "full"


async def test_of_several_connections_one_has_to_be_named(written, headwater):
    other = written.webhook.replace("127.0.0.1", "localhost")
    connected = await headwater("connect", "bitrix24", other)

    unnamed = await headwater("privacy", "analytics", "--yes")
    named = await headwater("privacy", "analytics", "--yes", "--connection", "bitrix24", "--json")

    shown = {one["connection"]: one["privacy"] for one in (await headwater("privacy", "--json")).json}
    assert connected.code == 0
    assert unnamed.code == 3
    assert "name one with --connection" in unnamed.words
    assert named.json["connection"] == "bitrix24"
    assert shown.pop("bitrix24") == "analytics"
    assert set(shown.values()) == {"full"}
