"""A new key for the stored credentials and for what tells of erased people: all of it anew, or none."""

from typing import Any, NamedTuple

from psycopg.rows import dict_row

from headwater.core.errors import NeedsPerson
from headwater.warehouse import connections, sql
from headwater.warehouse.pool import Warehouse, claim
from headwater.warehouse.vault import Vault, new_key


class Rotation(NamedTuple):
    """How many credentials are under the new key, and how many older keys the file still holds."""

    credentials: int
    old_keys: int


async def rotate(warehouse: Warehouse, vault: Vault, *, drop_old: bool = False) -> Rotation:
    """Encrypts every stored credential with a new key; with `drop_old` the older keys are forgotten then.

    Killed at any moment, it leaves a file whose keys open everything: the new key is there before the first
    credential needs it, the old ones until none does. Raises NeedsPerson, with nothing changed, when one does
    not open; RetryLater when a secret is being stored or another process is at it.
    """
    key = new_key()
    with vault.changing():
        tenants = await connections.tenants(warehouse)
        async with (
            warehouse.connection() as conn,
            conn.transaction(),
            conn.cursor(row_factory=dict_row) as cursor,
        ):
            anew, others = [], []
            for tenant in tenants:
                await claim(conn, tenant.id)
                rows = await (await cursor.execute(sql.sealed, {"tenant": tenant.id})).fetchall()
                anew += [_anew(vault, row, key) for row in rows]
                rows = await (await cursor.execute(sql.sealed_digests, {"tenant": tenant.id})).fetchall()
                others += [row | {"sealed": vault.reseal(row["sealed"], key)} for row in rows]
            old = vault.put_first(key)
            for row in anew:
                await claim(conn, row["tenant"])
                await cursor.execute(sql.reseal, row)
            for row in others:
                await claim(conn, row["tenant"])
                await cursor.execute(sql.reseal_digests, row)
        if drop_old:
            vault.drop_all_but(key)
    return Rotation(len(anew), 0 if drop_old else old)


def _anew(vault: Vault, row: dict[str, Any], key: str) -> dict[str, Any]:
    try:
        secrets = {name: vault.reseal(row[name], key) for name in ("credentials", "proxy") if row[name]}
    except NeedsPerson as exc:
        raise NeedsPerson(f"connection {row['slug']}: {exc}") from exc
    return row | secrets
