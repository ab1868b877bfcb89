"""A company takes everything along in one archive, and nothing that opens a door."""

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pytest

from headwater.access import export, keys
from headwater.access.audit import accesses
from headwater.testing.sample import NOW, Bench, bench
from headwater.warehouse import exporting, walk
from headwater.warehouse.pool import Warehouse

DEAL = {"ID": "1", "TITLE": "Сделка", "AMOUNT": "12345678901234.56", "MODIFIED": "2026-11-20T18:00:00+03:00"}
HANDED_OUT = {
    "alerts", "certificates", "changes", "connections", "dashboard_configs", "data_access_logs", "erasures", "failed", "gone",
    "history_rest", "inbox", "keys", "listening", "outbox", "people", "profiles", "retention", "starts", "sync_config", "sync_logs", "sync_state",
    "typed_columns",
}  # fmt: skip
"""Tables of ours that tell something of the tenant: whoever adds one decides, here or in LEFT_OUT."""

KEPT_BACK = {
    "connections.credentials", "connections.settings", "erasures.sealed", "keys.digest", "people.password",
}  # fmt: skip
"""Their columns that would open a door."""


@pytest.fixture
async def warehouse(newest_database: Any) -> AsyncIterator[Warehouse]:
    async with Warehouse(newest_database.url(), size=3) as opened:
        yield opened


@pytest.fixture
async def ours(warehouse: Warehouse) -> Bench:
    for name in ("theirs", "ours"):
        made = await bench(warehouse, tenant=name)
        await made.store(*({**DEAL, "ID": str(number), "TITLE": name} for number in range(1, 1_203)), began=1)
    await made.rows("update headwater.connections set credentials = 'gAAAA-sealed'")
    return made


async def taken(one: Bench) -> zipfile.ZipFile:
    pieces = export.archive(one.warehouse, one.tenant, by="Anna", now=NOW)
    return zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in pieces])))


async def test_everything_is_there_and_the_manifest_says_so(ours: Bench) -> None:
    packed = await taken(ours)

    manifest = json.loads(packed.read("manifest.json"))
    files = {one["file"]: one for one in manifest["files"]}
    assert packed.testzip() is None
    assert {*files} == {*packed.namelist()} - {"manifest.json"}
    for name, told in files.items():
        data = packed.read(name)
        assert (data.count(b"\n"), hashlib.sha256(data).hexdigest()) == (told["rows"], told["sha256"])
    deals = [json.loads(line) for line in packed.read(f"{ours.link.slug}.crm_deals.ndjson").splitlines()]
    assert len(deals) == 1_202
    assert {deal["title"] for deal in deals} == {"ours"}
    assert b"12345678901234.56" in packed.read(f"{ours.link.slug}.crm_deals.ndjson")
    assert files["public.crm_deals.ndjson"]["rows"] == 1_202
    assert manifest["tenant"] == "ours"
    [access] = await accesses(ours.warehouse, ours.tenant.id, limit=5)
    assert (access.accessed_by, access.action, access.record_count) == (
        "Anna", "export", sum(one["rows"] for one in files.values()),
    )  # fmt: skip


async def test_nothing_in_it_opens_a_door_and_nothing_is_another_companys(ours: Bench) -> None:
    secret = await keys.add(ours.warehouse, ours.tenant.id, "bot", ["read"], now=NOW)
    await ours.rows(
        "insert into headwater.people (tenant_id, email, role, password, created_at) values "
        "(%(tenant)s, 'boss@example.com', 'owner', '$argon2id$hash', now())"
    )
    await ours.rows(
        "insert into headwater.answers (tenant_id, caller, key, digest, asked_at, held_until, status, body) values "
        "(%(tenant)s, '1', 'k', 'x', now(), now(), 201, 'gAAAA-sealed')"
    )
    packed = await taken(ours)
    everything = b"".join(packed.read(name) for name in packed.namelist())

    assert b"gAAAA-sealed" not in everything
    assert keys.digest_of(secret).hex().encode() not in everything
    assert b"theirs" not in everything
    assert b"$argon2id" not in everything
    assert b'"name": "bot"' in everything
    assert b'"email": "boss@example.com"' in everything


async def test_every_table_is_handed_out_or_named_with_a_reason(ours: Bench) -> None:
    places = await walk.places(ours.warehouse, ours.tenant.id)
    tenanted = {place.shown for place in places if place.tenanted}
    out = await exporting.tables(ours.warehouse, ours.tenant.id)

    assert {place.shown for place in out} == tenanted - {*exporting.LEFT_OUT}
    assert {*exporting.LEFT_OUT} <= tenanted
    assert {place.name for place in out if place.schema == "headwater"} == HANDED_OUT
    bytes_ = await ours.rows(
        "select format('%%I.%%I', n.nspname, c.relname) as name, a.attname::text as column from pg_attribute as a "
        "join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace "
        "where n.nspname = 'headwater' and c.relkind = 'r' and a.atttypid = 'bytea'::regtype"
    )
    kept_back = {f"{place.name}.{name}" for place in out for name in exporting.kept_back(place)}
    handed_out = {place.shown for place in out}
    assert {
        f"{row['name']}.{row['column']}".removeprefix("headwater.")
        for row in bytes_
        if row["name"] in handed_out
    } <= kept_back
    assert kept_back == KEPT_BACK


async def test_who_leaves_before_the_end_is_written_down_too(ours: Bench) -> None:
    pieces = export.archive(ours.warehouse, ours.tenant, by="Anna", now=NOW)
    async for _ in pieces:
        break
    await pieces.aclose()  # type: ignore[attr-defined]

    [access] = await accesses(ours.warehouse, ours.tenant.id, limit=5)
    assert access.action == "export"
