"""The orders of a believable online shop: about one for every eleven deals, with their parts."""

import random
from collections.abc import Sequence

from headwater.sandbox.bitrix24.fields import Values
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.shop import FIRM, PERSON
from headwater.sandbox.bitrix24.stamps import DAY, stamp
from headwater.sandbox.bitrix24.trail import Facts

_STREETS = ("ул. Навои, 12", "Amir Temur shoh ko'chasi, 5", "Ленинский пр-т, 93", "Mustaqillik, 40")
_CARRIERS = ((1, "Без доставки", 0), (2, "Доставка курьером", 600))


class Shopping:
    """Tells what was ordered in the shop along with the deals; ids go on from chunk to chunk."""

    def __init__(self, portal: Portal, dice: random.Random, now: int) -> None:
        self._portal = portal
        self._dice = dice
        self._now = now
        self._zone = portal.clock.zone
        self._meaning = portal.deals.slots["STAGE_SEMANTIC_ID"]
        self._last: dict[str, int] = {}

    def orders(self, deals: Sequence[Facts], products: Sequence[tuple[int, str]]) -> None:
        """Stores the orders that became some of these deals."""
        chosen = [one for one in deals if one.values[self._meaning] != "F" and self._dice.random() < 0.2]
        baskets: list[Values] = []
        orders: list[Values] = []
        first = self._last.get("sale_order", 0) + 1
        for number, deal in enumerate(chosen, first):
            made = min(deal.made + int(self._dice.random() * DAY), self._now)
            items = self._basket(number, stamp(made, self._zone), products)
            baskets += items
            orders.append(self._order(number, deal, made, items))
        self._put("sale_order", orders)
        self._put("sale_basketitem", baskets)
        self._put("sale_payment", [self._payment(at, one) for at, one in enumerate(orders, first)])
        self._put("sale_shipment", [self._shipment(at, one) for at, one in enumerate(orders, first)])
        bonds: list[Values] = [{"OWNER_ID": deal.id, "OWNER_TYPE_ID": 2} for deal in chosen]
        self._put("sale_bond", bonds)

    def _basket(self, order: int, shown: str, products: Sequence[tuple[int, str]]) -> list[Values]:
        """One to three things; one in twenty is a line of free text, of no product."""
        dice, items = self._dice, []
        for at in range(1 + int(dice.random() * 3)):
            product, name = products[int(dice.random() * len(products))]
            free = dice.random() < 0.05
            price = 10 * (10 + int(dice.random() ** 2 * 900))
            item: Values = {
                "ORDER_ID": order, "PRODUCT_ID": 0 if free else product, "NAME": "Сборка" if free else name,
                "PRICE": price, "BASE_PRICE": price, "QUANTITY": 1 + int(dice.random() * 3),
                "CURRENCY": self._portal.books.base_currency(), "VAT_RATE": 0.2, "SORT": 100 * (at + 1),
                "PRODUCT_XML_ID": "" if free else str(product), "XML_ID": f"bx_{order * 8 + at:013x}",
                "DATE_INSERT": shown, "DATE_UPDATE": shown,
            }  # fmt: skip
            items.append(item)
        return items

    def _order(self, number: int, deal: Facts, made: int, items: Sequence[Values]) -> Values:
        dice, done = self._dice, deal.values[self._meaning] == "S"
        paid = done or dice.random() < 0.3
        edited = min(max(deal.moved, made), self._now) if paid else made
        price = sum(one["PRICE"] * one["QUANTITY"] for one in items)
        shown, later = stamp(made, self._zone), stamp(edited, self._zone)
        return {
            "ACCOUNT_NUMBER": str(100 + number), "CURRENCY": self._portal.books.base_currency(),
            "DATE_INSERT": shown, "DATE_STATUS": later, "DATE_UPDATE": later,
            "DEDUCTED": "Y" if done else "N", "EMP_STATUS_ID": deal.person, "PAYED": "Y" if paid else "N",
            "PERSON_TYPE_ID": FIRM if deal.company else PERSON, "PRICE": price,
            "RESPONSIBLE_ID": deal.person, "STATUS_ID": "F" if done else "P" if paid else "N",
            "TAX_VALUE": round(price / 6, 2),
            "USER_DESCRIPTION": _STREETS[int(dice.random() * len(_STREETS))],
            "USER_ID": 1000 + deal.contact, "XML_ID": f"bx_{number:013x}",
            "CLIENT_CONTACT_ID": str(deal.contact) if deal.contact else None,
            "CLIENT_COMPANY_ID": str(deal.company) if deal.company else None,
        }  # fmt: skip

    def _payment(self, number: int, order: Values) -> Values:
        paid = order["PAYED"] == "Y"
        return {
            "ACCOUNT_NUMBER": f"{order['ACCOUNT_NUMBER']}/1", "CURRENCY": order["CURRENCY"],
            "DATE_BILL": order["DATE_INSERT"], "DATE_RESPONSIBLE_ID": order["DATE_INSERT"],
            "DATE_PAID": order["DATE_UPDATE"] if paid else None, "PAID": order["PAYED"],
            "EMP_RESPONSIBLE_ID": order["RESPONSIBLE_ID"], "RESPONSIBLE_ID": order["RESPONSIBLE_ID"],
            "EMP_PAID_ID": order["RESPONSIBLE_ID"] if paid else None, "ORDER_ID": number,
            "SUM": order["PRICE"], "XML_ID": f"bx_{number + 4_000_000:013x}",
        }  # fmt: skip

    def _shipment(self, number: int, order: Values) -> Values:
        carrier, name, price = _CARRIERS[number % len(_CARRIERS)]
        done = order["DEDUCTED"] == "Y"
        return {
            "ACCOUNT_NUMBER": f"{order['ACCOUNT_NUMBER']}/2", "CURRENCY": order["CURRENCY"],
            "ALLOW_DELIVERY": order["DEDUCTED"], "BASE_PRICE_DELIVERY": price, "PRICE_DELIVERY": price,
            "DATE_INSERT": order["DATE_INSERT"], "DATE_RESPONSIBLE_ID": order["DATE_INSERT"],
            "DATE_DEDUCTED": order["DATE_UPDATE"] if done else None, "DEDUCTED": order["DEDUCTED"],
            "DELIVERY_ID": carrier, "DELIVERY_NAME": name, "ORDER_ID": number,
            "STATUS_ID": "DF" if done else "DN", "XML_ID": f"bx_{number + 8_000_000:013x}",
        }  # fmt: skip

    def _put(self, name: str, records: Sequence[Values]) -> None:
        """Stores records under the next ids."""
        table, first = self._portal.tables[name], self._last.get(name, 0) + 1
        rows = [(first + at, table.row(record)) for at, record in enumerate(records)]
        self._last[name] = first + len(rows) - 1
        self._portal.store.put(table, rows)
