"""Rows of an earlier schema, looked at through its columns: what an upgrade adds is not compared."""

from collections.abc import Mapping

import psycopg
from psycopg.sql import SQL, Identifier

Columns = Mapping[tuple[str, str], tuple[str, ...]]
COLUMNS = """
    select n.nspname::text, c.relname::text, array_agg(a.attname::text order by a.attnum)
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     group by n.nspname, c.relname
"""
HASHED = "select count(*), coalesce(sum(hashtextextended(row({})::text, 0)), 0)::text from only {}.{}"


def columns_of(url: str) -> Columns:
    """The columns of every table, as an administrator sees them."""
    with psycopg.connect(url) as admin:
        return {(schema, name): tuple(columns) for schema, name, columns in admin.execute(COLUMNS)}


def rows_of(url: str, columns: Columns) -> dict[str, tuple[int, str]]:
    """How many rows each table has, and what these columns of them come to. Tables without all of them are
    left out."""
    found = {}
    with psycopg.connect(url, options="-c timezone=UTC") as admin:
        here = columns_of(url)
        for table in (one for one in columns if set(columns[one]) <= set(here.get(one, ()))):
            named = SQL(", ").join(map(Identifier, columns[table]))
            row = admin.execute(SQL(HASHED).format(named, *map(Identifier, table))).fetchone()
            if row is not None:
                found[".".join(table)] = (int(row[0]), str(row[1]))
    return found
