"""A whole CRM around the deals: who bought, who asked first, what was said and sold, stage by stage."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from headwater.sandbox.bitrix24.activities import CALL, TASK
from headwater.sandbox.bitrix24.cast import Cast
from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.leads import LEADS
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.requisites import requisite_of
from headwater.sandbox.bitrix24.shopping import Shopping
from headwater.sandbox.bitrix24.stages import two_steps
from headwater.sandbox.bitrix24.stamps import DAY, stamp
from headwater.sandbox.bitrix24.stock import serviced, stocked
from headwater.sandbox.bitrix24.store import Stored
from headwater.sandbox.bitrix24.tasks import task_of
from headwater.sandbox.bitrix24.trail import Asked, Dated, Facts, Trail

CHUNK = 2_000
"""So many deals are told at a time; within them everything has ids in the order it happened."""

Act = tuple[int, Values, Facts | Asked]
"""When an activity happened, its record, and whose it is."""


class World:
    """Fills every table but that of the deals, chunk by chunk along with them."""

    def __init__(
        self, portal: Portal, now: int, dice: random.Random, shop: random.Random, desk: random.Random
    ) -> None:
        self.cast = Cast(portal, dice, now)
        self._portal = portal
        self._dice = dice
        self._now = now
        self._zone = portal.clock.zone
        self._trail = Trail(portal, dice)
        self._desk = Trail(portal, desk)
        self._shopping = Shopping(portal, shop, now)
        self._last: dict[str, int] = {}
        self._products: list[tuple[int, str]] = []
        self._manual = portal.deals.slots["IS_MANUAL_OPPORTUNITY"]
        self._lead = portal.deals.slots["LEAD_ID"]

    def people(self, births: Sequence[int]) -> None:
        """The companies and contacts that deals made at these moments need: 2 and 5 for every 5 deals."""
        store, tables, first = self._portal.store, self._portal.tables, births[0] - 30 * DAY
        self._products = stocked(self._portal, self._dice, first)
        store.put(tables["company"], self.cast.companies([first, *births[::5], *births[2::5]]))
        self._requisites()
        store.put(tables["contact"], self.cast.contacts([first, *births[::2], *births[1::2]]))

    def around(self, deals: list[Facts]) -> None:
        """Tells a chunk of deals, in the order they were made. Sets their leads, and whether their amounts
        follow from their products."""
        answers = self._leads(deals)
        steps = [one for deal in deals for one in self._trail.way(deal)]
        self._put("deal_stages", sorted(steps, key=_when))
        self._actions(deals, answers)
        self._put("comment", sorted((c for deal in deals for c in self._trail.comments(deal)), key=_when))
        rows: list[Dated] = []
        for deal in deals:
            sold = list(self._trail.rows(deal, self._products))
            deal.values[self._manual] = "N" if sold else "Y"
            rows += [(0, row) for row in sold]
        self._put("productrow", rows)
        self._service(deals)
        self._shopping.orders(deals, self._products)
        self._portal.store.write("serial.multifield", str(self.cast.number))

    def _requisites(self) -> None:
        """Every second company has told its tax number."""
        table = self._portal.tables["company"]
        title, made = table.slots["TITLE"], table.slots["DATE_CREATE"]
        told = [one for one in self._portal.store.all(table) if one[0] % 2]
        self._put(
            "requisite",
            [(0, requisite_of(at, one[0], one[1][title], one[1][made])) for at, one in enumerate(told, 1)],
        )

    def _leads(self, deals: list[Facts]) -> list[Act]:
        """About half of the deals were a lead before; nearly as many leads never became one. How they were
        answered."""
        dice, plans = self._dice, []
        for at, deal in enumerate(deals):
            if dice.random() < 0.45:
                plans.append((deal.made - 600 - int(dice.random() ** 2 * 5 * DAY), at))
            if dice.random() < 0.55:
                plans.append((deal.made - int(dice.random() * 7200), -1))
        plans.sort()
        last = self._last.get("lead", 0)
        told: list[tuple[int, Values]] = []
        for made, at in plans:
            if at >= 0:
                deals[at].values[self._lead] = str(last + 1 + len(told))
            told.append((made, self._converted(deals[at]) if at >= 0 else {}))
        table = self._portal.tables["lead"]
        leads = list(self.cast.leads(told, last))
        self._last["lead"] = last + len(leads)
        until = [deals[at].made if at >= 0 else self._now for _, at in plans]
        answers = [
            act for lead, (made, _), end in zip(leads, told, until, strict=True)
            for act in self._answered(table, lead, made, end)
        ]  # fmt: skip
        self._portal.store.put(table, leads)
        steps = [
            step
            for (number, values), (made, _) in zip(leads, told, strict=True)
            for step in self._lead_way(table.record(number, values), made)
        ]
        self._put("lead_stages", sorted(steps, key=_when))
        return answers

    def _answered(self, table: Table, lead: Stored, made: int, until: int) -> Iterator[Act]:
        """What was said to a lead; the last of it is its last activity."""
        number, values = lead
        person, amount = int(str(values[table.slots["ASSIGNED_BY_ID"]])), values[table.slots["OPPORTUNITY"]]
        asked, active = Asked(number, made, until, person, str(amount)), table.slots["LAST_ACTIVITY_TIME"]
        for when, act in self._desk.answers(asked):
            values[active] = max(str(values[active]), act["CREATED"])
            yield when, act, asked

    def _converted(self, deal: Facts) -> Values:
        """What a lead knows that became this deal."""
        shown = stamp(deal.made, self._zone)
        times = dict.fromkeys(("MOVED_TIME", "DATE_MODIFY", "LAST_ACTIVITY_TIME", "DATE_CLOSED"), shown)
        return {
            "STATUS_ID": "CONVERTED",
            "STATUS_SEMANTIC_ID": "S",
            "ASSIGNED_BY_ID": str(deal.person),
            "CONTACT_ID": str(deal.contact) if deal.contact else None,
            "COMPANY_ID": str(deal.company) if deal.company else None,
            **times,
        }

    def _lead_way(self, lead: Values, made: int) -> list[Dated]:
        """Made as new, and moved once when it stands elsewhere now."""
        return [(made, step) for step in two_steps(LEADS, lead, "NEW")]

    def _actions(self, deals: list[Facts], answers: list[Act]) -> None:
        """Activities, the statistics of those that are calls, the tasks that others stand for."""
        found: list[Act] = [(when, act, deal) for deal in deals for when, act in self._trail.activities(deal)]
        found = sorted([*found, *answers], key=lambda one: one[0])
        calls: list[Dated] = []
        tasks: list[Dated] = []
        first = self._last.get("activity", 0) + 1
        for number, (when, act, whose) in enumerate(found, first):
            if act["TYPE_ID"] == str(CALL):
                trail = self._desk if isinstance(whose, Asked) else self._trail
                row = trail.call(whose, number, act)
                if row["RECORD_FILE_ID"]:
                    act["FILES"] = [{"id": row["RECORD_FILE_ID"]}]
                calls.append((when, row))
            elif act["TYPE_ID"] == str(TASK):
                task = self._last.get("task", 0) + 1 + len(tasks)
                act["ASSOCIATED_ENTITY_ID"] = str(task)
                tasks.append((when, task_of(task, act, whose.contact)))
        self._put("activity", [(when, act) for when, act, _ in found])
        self._put("call", calls)
        self._put("task", tasks)

    def _service(self, deals: list[Facts]) -> None:
        for process in self._portal.books.processes[:1]:
            name = f"dynamic_{process.type_id}"
            last, table = self._last.get(name, 0), self._portal.tables[name]
            items = list(serviced(self._portal, self._dice, deals, last, self._now))
            self._last[name] = last + len(items)
            self._portal.store.put(table, items)
            self._put(f"{name}_stages", self._item_ways(table, items))

    def _item_ways(self, table: Table, items: Iterable[tuple[int, list[Any]]]) -> list[Dated]:
        steps: list[Dated] = []
        new = self._portal.books.entries(table.fields["STAGE_ID"].status_type)[0].code
        for number, values in items:
            item = table.record(number, values)
            steps += [(0, step) for step in two_steps(table.entity, item, new)]
        return steps

    def _put(self, name: str, records: Iterable[Dated]) -> int:
        """Stores records under the next ids; the first of them."""
        table, first = self._portal.tables[name], self._last.get(name, 0) + 1
        rows = [(first + at, table.row(record)) for at, (_, record) in enumerate(records)]
        self._last[name] = first + len(rows) - 1
        self._portal.store.put(table, rows)
        return first


def _when(one: Dated) -> int:
    return one[0]
