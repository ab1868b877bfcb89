"""Who stays erased: what a source tells of him is stored without what is his."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from headwater.core.errors import NeedsPerson, SkipRecord, Unfit
from headwater.core.model import Books, Decoder, EntitySpec, Field, Kind, Privacy, Row, Text, Values
from headwater.core.persons import ERASED, Eye, leaves, mapped, record
from headwater.core.phone import region_of
from headwater.warehouse import crm, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.persons import FREE, PEOPLE
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.vault import Vault

TEXTUAL = (Kind.TEXT, Kind.JSON)
LEADING = {"contact_id": "contacts", "lead_id": "leads"}
"""Columns of normalised tables that name whom a record hangs on."""


class Form(Protocol):
    """What has to be known of records to know whose they are: a `Shape` does."""

    @property
    def spec(self) -> EntitySpec: ...

    @property
    def fields(self) -> Sequence[Field]: ...

    @property
    def readers(self) -> Sequence[tuple[Field, str, Decoder]]: ...

    @property
    def id_of(self) -> Callable[[Row], str]: ...


@dataclass(frozen=True, slots=True)
class Erased:
    """The people of a tenant who were erased, as one of his connections meets them."""

    eye: Eye
    connection: int

    def cut(self, shape: "Form", given: Row) -> Row:
        """A record without what is theirs: nothing but plain fields where it is about one of them or hangs on
        one, otherwise without their names, addresses and phones."""
        if self._is_his(shape, given):
            plain = plain_keys(shape.fields) | {shape.spec.id_field}
            return {key: value for key, value in given.items() if key in plain}
        numbers = {one.key for one in shape.fields if one.kind not in TEXTUAL} | {shape.spec.id_field}
        return {
            key: value if key in numbers else mapped(value, self.eye.cleaned) for key, value in given.items()
        }

    def books(self, told: Books) -> Books:
        """The names of an account's lists without them."""
        return replace(
            told,
            labels=told.labels and [one._replace(label=self._named(one.label)) for one in told.labels],
            stages=told.stages and [one._replace(name=self._named(one.name)) for one in told.stages],
            pipelines=told.pipelines and [one._replace(name=self._named(one.name)) for one in told.pipelines],
            departments=told.departments
            and [one._replace(name=self._named(one.name)) for one in told.departments],
        )

    def _named(self, text: str) -> str:
        return self.eye.cleaned(text) or (text and ERASED)

    def _is_his(self, shape: "Form", given: Row) -> bool:
        spec = shape.spec
        with suppress(SkipRecord):
            if self._knows(spec.slug, shape.id_of(given)):
                return True
        if spec.place in PEOPLE:
            plain = plain_keys(shape.fields)
            texts = (text for key, value in given.items() if key not in plain for text in leaves(value))
            return any((word := self.eye.whole(text)) and word.kind != "name" for text in texts)
        if not any(one.column in (*LEADING, "record_id") for one in spec.normal):
            return False
        values = _values(shape, given)
        led = {
            one.column: one.take(values)
            for one in spec.normal
            if one.column in (*LEADING, "entity", "record_id")
        }
        named = [(entity, led.get(column)) for column, entity in LEADING.items()]
        return any(
            entity and one and self._knows(entity, one)
            for entity, one in [*named, (led.get("entity"), led.get("record_id"))]
        )

    def _knows(self, entity: str, id: str) -> bool:
        return self.eye.knows(record(self.connection, entity, id))

    def rows(self, table: str, entity: str, id: str, rows: Sequence[Values]) -> Sequence[Values]:
        """A set of rows of a record of `entity`, likewise."""
        if self._knows(entity, id):
            gone = {name for name, privacy in crm.SETS[table].privacy.items() if privacy in FREE}
            rows = [{name: text for name, text in row.items() if name not in gone} for row in rows]
        kept = crm.SETS[table].privacy
        return [
            {
                name: self.eye.cleaned(text) if text is not None and name in kept else text
                for name, text in row.items()
            }
            for row in rows
        ]


def plain_keys(fields: Collection[Field]) -> frozenset[str]:
    """The keys of a record that hold plain fields and nothing else."""
    others = {one.key for one in fields if one.privacy is not Privacy.PLAIN}
    return frozenset({one.key for one in fields} - others)


def _values(shape: "Form", given: Row) -> Values:
    values: dict[str, Text] = {}
    for field, key, decode in shape.readers:
        if (value := given.get(key)) is not None:
            try:
                values[field.name] = decode(value)
            except Unfit:
                continue  # it is told when the record is made
    return values


async def read(warehouse: Warehouse, vault: Vault | None, link: Link) -> Erased | None:
    """Whom what comes from a connection has to be searched for; None where nobody was erased. Raises
    NeedsPerson where somebody was and his digests cannot be read."""
    digests = await _digests(warehouse, link.tenant)
    if not digests:
        return None
    if vault is None:
        raise NeedsPerson(
            "people were erased here: what comes anew has to be looked through with the key file"
        )
    return Erased(Eye(digests, await key(warehouse, vault, link.tenant), [region(link)]), link.id)


async def _digests(warehouse: Warehouse, tenant: UUID) -> Mapping[bytes, str]:
    rows = await warehouse.rows(tenant, sql.tombstones, {})
    return {bytes(row["digest"]): row["kind"] for row in rows}


async def key(warehouse: Warehouse, vault: Vault, tenant: UUID) -> bytes:
    """The key of a tenant's digests; made when there is none."""
    rows = await warehouse.rows(tenant, sql.tombstone_key, {})
    if not rows:
        with vault.steady():
            sealed = vault.seal(os.urandom(32).hex())
            await warehouse.rows(tenant, sql.put_tombstone_key, {"sealed": sealed})
        rows = await warehouse.rows(tenant, sql.tombstone_key, {})
    return bytes.fromhex(vault.open(rows[0]["sealed"]))


async def bury(conn: Connection, tenant: UUID, erasure: int, digests: Mapping[bytes, str]) -> None:
    """Remembers him by these digests, in the caller's transaction."""
    params = {"digests": list(digests), "kinds": list(digests.values())}
    await conn.execute(sql.put_tombstones, {"tenant": tenant, "erasure": erasure, **params})


def region(link: Link) -> str | None:
    """Where phones of an account without a country code are at home."""
    known = link.memory.get("region")
    return str(known) if known else region_of(link.portal)
