"""Who sees what: an admin everything, everybody else their own records and, as a rule, the open ones."""

from collections.abc import Sequence
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Person, Webhook
from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.filters import Condition, Where, expression

OPEN, OWN = "open", "own"


def visible(table: Table, person: Person, where: Where) -> Where:
    """The filter of a list, narrowed to what this person sees; hidden rows are simply absent."""
    if person.admin:
        return where
    mine = expression(table, table.fields["ASSIGNED_BY_ID"])
    if person.sees == OWN:
        return where.also(Condition(f"{mine} = ?", (person.id,)))
    opened = expression(table, table.fields["OPENED"])
    return where.also(Condition(f"({mine} = ? or {opened} = 'Y')", (person.id,)))


def visible_to(person: Person, record: Values) -> bool:
    """Whether this person may see the record."""
    if person.admin or php.integer(record["ASSIGNED_BY_ID"]) == person.id:
        return True
    return person.sees == OPEN and record["OPENED"] == "Y"


def grant(
    webhook: Webhook,
    person: Person,
    *,
    admin: bool | None,
    sees: str | None,
    active: bool | None,
    scopes: Sequence[str] | None,
) -> None:
    """Changes what a webhook and its person may do; None leaves a right as it is."""
    if sees not in (None, OPEN, OWN):
        raise ValueError(f"people see {OPEN} or {OWN}, not {sees}")
    person.admin = person.admin if admin is None else admin
    person.sees = sees or person.sees
    person.active = person.active if active is None else active
    webhook.scopes = webhook.scopes if scopes is None else list(scopes)


def granted(webhook: Webhook, person: Person) -> dict[str, Any]:
    """What a webhook and its person may do now."""
    about = {"admin": person.admin, "sees": person.sees, "active": person.active}
    return about | {"scopes": list(webhook.scopes), "expired": webhook.expired}
