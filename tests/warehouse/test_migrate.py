"""Databases come to the schema the program expects, whoever migrates them and from wherever."""

import threading
from uuid import uuid4

import psycopg
import pytest

from headwater.core.errors import NeedsPerson
from headwater.warehouse.migrate import behind, migrate
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.schema import wanted


def test_an_up_to_date_database_is_left_alone(database):
    assert migrate(database.url("postgres")) == (wanted(), wanted())
    assert not behind(database.url("postgres"))


def test_several_processes_may_migrate_at_once(either):
    name = f"m_{uuid4().hex}"
    with psycopg.connect(either.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            found: list[tuple[str | None, str]] = []
            threads = [
                threading.Thread(target=lambda: found.append(migrate(either.url(database=name))))
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            admin.execute(f"drop database {name} with (force)")

    assert sorted(before is None for before, _ in found) == [False, False, False, True]


async def test_a_database_without_the_schema_says_what_to_do(either):
    with pytest.raises(NeedsPerson, match="run `headwater migrate`"):
        async with Warehouse(either.url("hw_app", "postgres")):
            pass


async def test_a_login_without_rights_says_what_to_give(database):
    with pytest.raises(NeedsPerson, match="HEADWATER_ADMIN_DATABASE_URL"):
        migrate(database.url("hw_app"))


def test_a_role_that_may_create_roles_but_is_no_superuser_can_migrate(either):
    name = f"m_{uuid4().hex}"
    with psycopg.connect(either.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f"create role {name} login createrole createdb")
        admin.execute(f"grant hw_owner to {name} with admin option")
        admin.execute(f"create database {name} owner {name}")
        try:
            _, after = migrate(either.url(name, name))
        finally:
            admin.execute(f"drop database {name} with (force)")
            admin.execute(f"drop role {name}")

    assert after == wanted()


EARLIER = """
    create schema bitrix24;
    create table bitrix24.crm_deals (tenant_id uuid, connection_id bigint, bitrix_id text, assigned_by_id text);
    select headwater.protect('bitrix24.crm_deals');
"""
POLICY = """
    select pg_get_expr(polqual, polrelid) from pg_policy where polrelid = 'bitrix24.crm_deals'::regclass
"""


def test_typed_tables_of_deals_made_before_learn_their_owner(either):
    name = f"m_{uuid4().hex}"
    with psycopg.connect(either.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            url = either.url(database=name)
            migrate(url, to="0001")
            with psycopg.connect(url, options="-c role=hw_owner", autocommit=True) as owner:
                owner.execute(EARLIER)
                [(before,)] = owner.execute(POLICY).fetchall()
                migrate(url)
                [(after,)] = owner.execute(POLICY).fetchall()
        finally:
            admin.execute(f"drop database {name} with (force)")

    assert "assigned_by_id" not in before
    assert "sees_all" in after
    assert "assigned_by_id" in after
