"""Data of earlier schemas: what is there is the same after an upgrade, and after the way back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from headwater.testing.earlier import columns_of, rows_of
from headwater.testing.sample import NOW
from headwater.warehouse import backup, fingerprints, restore
from headwater.warehouse.backup import Place
from headwater.warehouse.embedded import Server
from headwater.warehouse.migrate import migrate
from headwater.warehouse.restore import Target, Terms
from headwater.warehouse.schema import wanted

LIVED = """
    insert into headwater.tenants (slug, title) values ('one', 'One'), ('two', 'Два');
    insert into headwater.connections (tenant_id, source, slug, title, portal, credentials)
    select id, 'bitrix24', 'c_' || slug, title, slug || '.bitrix24.ru', 'sealed' from headwater.tenants;
    insert into headwater.sync_config (tenant_id, connection_id, entity_type)
    select tenant_id, id, entity from headwater.connections, unnest('{deals,leads}'::text[]) as entity;
    insert into headwater.sync_state (tenant_id, connection_id, entity_type, cursor)
    select tenant_id, id, 'deals', '{"after": 5}' from headwater.connections;
    insert into headwater.sync_logs (tenant_id, connection_id, entity_type, sync_type)
    select tenant_id, id, 'deals', 'full' from headwater.connections;
    insert into headwater.changes (tenant_id, connection_id, entity, external_id, action)
    select tenant_id, id, 'deals', n::text, 'create' from headwater.connections, generate_series(1, 50) as n;
    insert into headwater.failed (tenant_id, connection_id, entity, key, reason, run_id)
    select tenant_id, id, 'deals', '7', 'too large', 1 from headwater.connections;
    insert into headwater.gone (tenant_id, connection_id, entity, external_id, began, noticed, last_row)
    select tenant_id, id, 'deals', '8', 3, 'event', '{"title": "ё"}' from headwater.connections;
    select headwater.ensure_history('2026-03-01');
    insert into headwater.history (tenant_id, connection_id, entity, external_id, seen_at, seen_by, began, run_id, diff)
    select tenant_id, id, 'deals', '9', at, 'poll', 4, 1, '{"title": ["a", "b"]}'
      from headwater.connections, unnest('{2026-03-05,2019-01-01}'::timestamptz[]) as at;
    insert into public.crm_deals (tenant_id, connection_id, external_id, crm_source, title, value, custom_fields,
                                  began, version, synced_at)
    select tenant_id, id, n::text, 'bitrix24', 'Сделка ' || n, n / 3.0, jsonb_build_object('uf', n), n, 'v', now()
      from headwater.connections, generate_series(1, 200) as n;
    select nextval('headwater.read_seq') from generate_series(1, 99);
"""

REMADE = {"headwater.inbox"}
"""Tables that were empty wherever they had another form."""


@pytest.fixture
def name(newest: Server) -> Iterator[str]:
    """A database without a schema, and what is made from it."""
    name = f"u_{uuid4().hex[:20]}"
    with psycopg.connect(newest.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name}")
        yield name
        left = admin.execute("select datname from pg_database where datname like %s", [f"{name}%"])
        for (database,) in left.fetchall():
            admin.execute(f'drop database "{database}" with (force)')


@pytest.mark.parametrize("revision", ["0004", "0006"])
async def test_rows_of_an_earlier_schema_are_the_same_after_an_upgrade_and_after_the_way_back(
    newest: Server, name: str, tmp_path: Path, revision: str
):
    url, copy = newest.url(database=name), tmp_path / "before.dump"
    migrate(url, to=revision)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(LIVED)
    shape, before = columns_of(url), await fingerprints.counted(url)
    seen = rows_of(url, shape)
    await backup.make(Place(url, newest.bindir, tmp_path), copy, now=NOW)

    assert migrate(url) == (revision, wanted())

    after = rows_of(url, shape)
    assert seen.keys() - after.keys() <= REMADE
    assert {table for table in after if after[table] != seen[table]} <= {"headwater.migrations"}
    back = await restore.restore(
        Target(url, newest.bindir), copy, Terms(replace=True, as_it_was=True), now=NOW
    )
    assert back.revision == (revision, revision)
    there = await fingerprints.counted(url)
    assert there | {"headwater.eras": None} == before | {"headwater.eras": None}
    later = NOW + timedelta(seconds=1)
    forward = await restore.restore(Target(url, newest.bindir), copy, Terms(replace=True), now=later)
    assert forward.revision == (revision, wanted())
    assert rows_of(url, shape)["public.crm_deals"] == seen["public.crm_deals"]
