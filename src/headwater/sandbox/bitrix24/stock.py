"""What a believable company sells, and the service it gives afterwards."""

import random
from collections.abc import Iterator

from headwater.sandbox.bitrix24.fields import Values
from headwater.sandbox.bitrix24.names import GOODS
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.products import CATALOG
from headwater.sandbox.bitrix24.samples import sampler
from headwater.sandbox.bitrix24.stamps import DAY, stamp
from headwater.sandbox.bitrix24.store import Stored
from headwater.sandbox.bitrix24.trail import Facts


def stocked(portal: Portal, dice: random.Random, first: int) -> list[tuple[int, str]]:
    """Fills the catalogue, as of a moment; ids and names of the products."""
    table, at = portal.tables["product"], stamp(first, portal.clock.zone)
    made, records = [], []
    for place, name in enumerate(GOODS):
        number = 101 + 3 * place
        made.append((number, name))
        record: Values = {
            "NAME": name, "CODE": f"tovar-{number}", "XML_ID": str(number), "TIMESTAMP_X": at,
            "DATE_CREATE": at, "MODIFIED_BY": "1", "CREATED_BY": "1", "CATALOG_ID": str(CATALOG),
            "SECTION_ID": str(47 + place % 3), "PRICE": f"{int(dice.random() * 900) * 100}.00",
            "CURRENCY_ID": portal.books.base_currency(), "VAT_ID": "1", "VAT_INCLUDED": "Y", "MEASURE": "5",
            "PROPERTY_258": {"valueId": str(9735 + place), "value": f"A-{number}"},
        }  # fmt: skip
        records.append((number, table.row(record)))
    portal.store.put(table, records)
    return made


def serviced(
    portal: Portal, dice: random.Random, deals: list[Facts], last: int, now: int
) -> Iterator[Stored]:
    """Items of the first smart process for about one won deal in four, with ids after `last`."""
    process = portal.books.processes[0]
    table = portal.tables[f"dynamic_{process.type_id}"]
    category = process.pipelines[0].id
    stages = portal.books.stages(category, process.type_id)
    samples = [
        (table.slots[one.name], sampler(one, portal.books, dice, portal.clock.zone))
        for one in table.columns
        if one.custom
    ]
    meaning = portal.deals.slots["STAGE_SEMANTIC_ID"]
    chosen = [deal for deal in deals if deal.values[meaning] == "S" and dice.random() < 0.25]
    for record_id, deal in enumerate(chosen, last + 1):
        made = min(deal.moved + int(dice.random() * 90 * DAY), now)
        at = int(dice.random() * len(stages))
        moved = made + int((now - made) * dice.random() ** 3) if at else made
        shown, later, me = stamp(made, portal.clock.zone), stamp(moved, portal.clock.zone), str(deal.person)
        record: Values = {
            "TITLE": f"Заявка по сделке {deal.id}", "ASSIGNED_BY_ID": me, "CREATED_BY_ID": me,
            "MODIFY_BY_ID": me, "MOVED_BY_ID": me, "LAST_ACTIVITY_BY": me, "DATE_CREATE": shown,
            "DATE_MODIFY": later, "MOVED_TIME": later, "LAST_ACTIVITY_TIME": later, "OPENED": "Y",
            "COMPANY_ID": str(deal.company) if deal.company else None,
            "CONTACT_ID": str(deal.contact) if deal.contact else None, "CATEGORY_ID": str(category),
            "STAGE_ID": stages[at].code, "PREVIOUS_STAGE_ID": stages[at - 1].code if at else None,
            "STAGE_SEMANTIC_ID": stages[at].semantics or "P", "PARENT_ID_2": str(deal.id),
            "CURRENCY_ID": portal.books.base_currency(),
        }  # fmt: skip
        values = table.row(record)
        for slot, sample in samples:
            if (filled := sample(made)) is not None:
                values[slot] = filled
        yield record_id, values
