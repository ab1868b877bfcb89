"""Where the rows of an entity live: its typed and its normalised table, quoted for statements."""

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from headwater.core.model import EntitySpec
from headwater.warehouse import crm
from headwater.warehouse.crm import Table


def table_of(spec: EntitySpec) -> Table:
    """The normalised table of an entity."""
    return crm.TABLES[spec.place]


def names_of(spec: EntitySpec, *, schema: str, key_column: str) -> dict[str, Composable]:
    """The names that statements about an entity's rows are made with.

    `typed` and `normal` are its tables, `key` and `id` what they call the record's id, `keys` the primary
    key of the normalised one. `part`, `n_part` and `t_part` (of the aliases n and t) say which of its rows
    are the entity's.
    """
    table = table_of(spec)
    keys = [table.key] if table.scope is None else [table.scope, table.key]
    return {
        "typed": Identifier(schema, f"crm_{spec.slug}"),
        "normal": Identifier("public", f"crm_{spec.place}"),
        "key": Identifier(key_column),
        "id": Identifier(table.key),
        "keys": SQL(", ").join(map(Identifier, keys)),
        "part": _part(table, spec),
        "n_part": _part(table, spec, "n"),
        "t_part": _part(table, spec, "t"),
    }


def _part(table: Table, spec: EntitySpec, *alias: str) -> Composed:
    if table.scope is None:
        return Composed([])
    return SQL(" and {} = {}").format(Identifier(*alias, table.scope), Literal(spec.scope))
