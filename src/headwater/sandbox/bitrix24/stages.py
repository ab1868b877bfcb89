"""The history of stages: one entry, never changed again, for every stage a record reached."""

from collections.abc import Iterable
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.fields import Entity, Field, Values

CREATED, MOVED, FINISHED, REROUTED = 1, 2, 3, 5
"""The kinds of entries: the record was made, moved on, came to its end, changed its pipeline."""


def semantics_of(stage: str) -> str:
    """The field that says what a stage means, from the name of the stage's own field."""
    return stage.removesuffix("_ID") + "_SEMANTIC_ID"


def _untouched(*_: Any) -> None:
    """Entries are written by the portal alone; nothing follows from them."""


def history_of(entity: Entity) -> Entity:
    """The entity its entries are kept as. Leads have statuses where others have stages and pipelines."""
    category = () if entity.stage == "STATUS_ID" else (Field("CATEGORY_ID", "integer"),)
    return Entity(
        f"{entity.name}_stages",
        0,
        "",
        (
            Field("ID", "integer"),
            Field("TYPE_ID", "integer"),
            Field("OWNER_ID", "integer", indexed=True),
            Field("CREATED_TIME", "datetime", indexed=True),
            *category,
            Field(semantics_of(entity.stage), "string"),
            Field(entity.stage, "crm_status"),
        ),
        born=_untouched,
        changed=_untouched,
        modified="CREATED_TIME",
    )


def step(entity: Entity, record: Values, at: str, kind: int) -> list[Any]:
    """An entry in the order of the history's columns."""
    category = [] if entity.stage == "STATUS_ID" else [php.integer(record.get("CATEGORY_ID"))]
    stage = record[entity.stage]
    return [kind, int(record["ID"]), at, *category, record[semantics_of(entity.stage)], stage]


def steps(entity: Entity, changes: Iterable[tuple[Values | None, Values]], at: str) -> list[list[Any]]:
    """The entries that follow from changes, each what a record was (None: it is new) and what it is."""
    made = []
    for old, new in changes:
        kind = _kind(entity, old, new)
        if kind:
            made.append(step(entity, new, at, kind))
    return made


def _kind(entity: Entity, old: Values | None, new: Values) -> int:
    if old is None:
        return CREATED
    if old.get("CATEGORY_ID") != new.get("CATEGORY_ID"):
        return REROUTED
    if old[entity.stage] == new[entity.stage]:
        return 0
    return MOVED if new[semantics_of(entity.stage)] == "P" else FINISHED


def two_steps(entity: Entity, record: Values, first: str) -> list[Values]:
    """The history of a record of which only its present stage is known: it began at the first one, and went
    where it stands now when it last moved; nowhere when it stands there still."""
    meaning = semantics_of(entity.stage)
    told: Values = {"OWNER_ID": int(record["ID"]), "CATEGORY_ID": php.integer(record.get("CATEGORY_ID"))}
    begun = {"TYPE_ID": CREATED, "CREATED_TIME": record["DATE_CREATE"], entity.stage: first, meaning: "P"}
    if record[entity.stage] == first:
        return [told | begun]
    ended = {"TYPE_ID": MOVED if record[meaning] == "P" else FINISHED, "CREATED_TIME": record["MOVED_TIME"]}
    return [told | begun, told | ended | {name: record[name] for name in (entity.stage, meaning)}]
