"""What was done with every deal: its way through the stages, calls, letters, comments, products; how leads
were answered."""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from headwater.sandbox.bitrix24 import letters
from headwater.sandbox.bitrix24.activities import CALL, EMAIL, MEETING, NEVER, OTHER, PROVIDERS, TASK, binding
from headwater.sandbox.bitrix24.books import Status
from headwater.sandbox.bitrix24.fields import Values
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.products import plain
from headwater.sandbox.bitrix24.stages import CREATED, FINISHED, MOVED, REROUTED
from headwater.sandbox.bitrix24.stamps import DAY, stamp
from headwater.sandbox.bitrix24.telephony import INCOMING, OUTGOING, REASONS


class Facts(NamedTuple):
    """A deal as its history was made: seconds since 1970, and what it refers to (0: nothing)."""

    id: int
    made: int
    moved: int
    active: int
    person: int
    pipeline: int
    stages: list[Status]
    values: list[Any]
    contact: int = 0
    company: int = 0


class Asked(NamedTuple):
    """A lead as somebody answers it, until it was decided on at the latest: seconds since 1970."""

    id: int
    made: int
    until: int
    person: int
    amount: str

    @property
    def contact(self) -> int:
        """By which number it is known what somebody is called, and how he is reached."""
        return self.id * 5


Dated = tuple[int, Values]
"""When something happened, and the record of it."""

_KINDS = (CALL, CALL, CALL, CALL, EMAIL, EMAIL, EMAIL, TASK, TASK, MEETING, OTHER)
_FAILED = ("304", "603", "603-S", "486", "480")


class Trail:
    """Tells what happened to one deal after another; the same dice tell the same."""

    def __init__(self, portal: Portal, dice: random.Random) -> None:
        self._dice = dice
        self._zone = portal.clock.zone
        self._slots = portal.deals.slots

    def way(self, deal: Facts) -> Iterator[Dated]:
        """The entries of its stage history, ending at the stage it stands at now."""
        code = deal.values[self._slots["STAGE_ID"]]
        meaning = deal.values[self._slots["STAGE_SEMANTIC_ID"]]
        ahead = [stage.code for stage in deal.stages if not stage.semantics]
        here = ahead.index(code) if code in ahead else int(self._dice.random() * len(ahead))
        passed = ahead[: here + 1] if code not in ahead else ahead[:here]
        if not passed and ahead and code != ahead[0]:
            passed = ahead[:1]
        steps = [*((one, "P") for one in passed), (code, meaning)]
        detour = deal.pipeline and len(steps) > 1 and self._dice.random() < 0.03
        for at, when in enumerate(self._moments(deal.made, deal.moved, len(steps))):
            stage, semantics = steps[at]
            kind = CREATED if not at else MOVED if semantics == "P" else FINISHED
            if detour and at < 2:
                first = {"STAGE_ID": "NEW", "STAGE_SEMANTIC_ID": "P", "CATEGORY_ID": 0}
                if not at:
                    yield when, self._step(deal, kind, when) | first
                    continue
                kind = REROUTED
            yield when, self._step(deal, kind, when) | {"STAGE_ID": stage, "STAGE_SEMANTIC_ID": semantics}

    def _step(self, deal: Facts, kind: int, when: int) -> Values:
        shown = stamp(when, self._zone)
        return {"TYPE_ID": kind, "OWNER_ID": deal.id, "CREATED_TIME": shown, "CATEGORY_ID": deal.pipeline}

    def _moments(self, first: int, last: int, count: int) -> list[int]:
        """So many moments in order, the first and the last of them given."""
        if count == 1:
            return [last]
        between = sorted(int(first + (last - first) * self._dice.random()) for _ in range(count - 2))
        return [first, *between, last]

    def activities(self, deal: Facts) -> Iterator[Dated]:
        """Three to eight activities, the last at its last activity; one in 200 is a deleted deal's."""
        dice = self._dice
        times = self._moments(deal.made, deal.active, 3 + int(dice.random() * 6))
        for when in times:
            kind = _KINDS[int(dice.random() * len(_KINDS))]
            record = self._common(deal, kind, when, str(deal.values[self._slots["OPPORTUNITY"]]))
            if dice.random() < 0.005:
                record["OWNER_ID"] = str(deal.id + 900_000_000)
            bound = [(2, int(record["OWNER_ID"])), *([(3, deal.contact)] if deal.contact else [])]
            record["BINDINGS"] = [binding(*one) for one in bound]
            if deal.contact and kind in (CALL, EMAIL):
                way = "PHONE" if kind == CALL else "EMAIL"
                record["COMMUNICATIONS"] = [letters.reached(deal.contact, way, deal.contact * 2)]
            yield when, record

    def answers(self, lead: Asked) -> Iterator[Dated]:
        """Its first calls and letters, within minutes or days; nobody answers one lead of six."""
        dice = self._dice
        when = lead.made
        for share in (0.83, 0.3):
            when += 180 + int(dice.random() ** 6 * 5 * DAY)
            if dice.random() > share or when > lead.until:
                return
            record = self._common(lead, CALL if dice.random() < 0.7 else EMAIL, when, lead.amount)
            record["BINDINGS"] = [binding(1, lead.id)]
            yield when, record

    def _common(self, whose: Facts | Asked, kind: int, when: int, amount: str) -> Values:
        dice = self._dice
        me, shown = str(whose.person), stamp(when, self._zone)
        minutes = 1 + int(dice.random() ** 2 * 59)
        provider, provider_type = PROVIDERS[kind]
        done = kind in (CALL, EMAIL) or dice.random() < 0.85
        record: Values = {
            "OWNER_ID": str(whose.id), "OWNER_TYPE_ID": "1" if isinstance(whose, Asked) else "2",
            "TYPE_ID": str(kind), "PROVIDER_ID": provider,
            "PROVIDER_TYPE_ID": provider_type, "CREATED": shown, "LAST_UPDATED": shown,
            "START_TIME": shown, "END_TIME": stamp(when + minutes * 60, self._zone),
            "DEADLINE": NEVER if done else shown, "COMPLETED": "Y" if done else "N",
            "STATUS": "2" if done else "1", "RESPONSIBLE_ID": me, "AUTHOR_ID": me, "EDITOR_ID": me,
        }  # fmt: skip
        if kind == CALL:
            name = " ".join(letters.name_of(whose.contact)) if whose.contact else "клиенту"
            record["DIRECTION"] = "1" if dice.random() < 0.4 else "2"
            record["SUBJECT"] = letters.CALLS[int(dice.random() * len(letters.CALLS))].format(name)
        elif kind == EMAIL:
            record |= self._letter(whose, amount)
        else:
            words = {MEETING: letters.MEETINGS, TASK: letters.TASKS}.get(kind, ("Заполнена CRM-форма",))
            record["SUBJECT"] = words[int(dice.random() * len(words))]
        return record

    def _letter(self, whose: Facts | Asked, amount: str) -> Values:
        """An e-mail with its HTML body and its addresses."""
        dice = self._dice
        incoming = dice.random() < 0.5
        theirs = letters.email_of(whose.contact) if whose.contact else "info@example.com"
        ours = f"user{whose.person}@company.example"
        sender, receiver = (theirs, ours) if incoming else (ours, theirs)
        body = letters.LETTERS[int(dice.random() * len(letters.LETTERS))]
        meta = {"__email": ours, "from": sender, "replyTo": "", "to": receiver, "cc": "", "bcc": ""}
        return {
            "SUBJECT": letters.SUBJECTS[int(dice.random() * len(letters.SUBJECTS))].format(whose.id),
            "DESCRIPTION": body.format(amount=amount),
            "DESCRIPTION_TYPE": "3",
            "DIRECTION": "1" if incoming else "2",
            "SETTINGS": {"EMAIL_META": meta, "SANITIZE_ON_VIEW": 1},
        }

    def call(self, whose: Facts | Asked, activity_id: int, activity: Values) -> Values:
        """The row of the statistics for the activity of a call; some are about nobody, some fail."""
        dice = self._dice
        code = "200" if dice.random() < 0.8 else _FAILED[int(dice.random() * len(_FAILED))]
        seconds = int(dice.random() ** 2 * 900) if code == "200" and dice.random() > 0.03 else 0
        incoming = activity["DIRECTION"] == "1"
        linked = whose.contact and dice.random() > 0.03
        kind, number = ("LEAD", whose.id) if isinstance(whose, Asked) else ("CONTACT", whose.contact)
        return {
            "PORTAL_USER_ID": str(whose.person), "PORTAL_NUMBER": f"reg{133_788 + whose.person % 3}",
            "PHONE_NUMBER": letters.digits_of(whose.contact) if whose.contact else "998712000000",
            "CALL_ID": f"externalCall.{activity_id:032x}.{whose.made}", "CALL_DURATION": str(seconds),
            "CALL_START_DATE": activity["START_TIME"], "CALL_FAILED_CODE": code,
            "CALL_FAILED_REASON": REASONS[code], "CRM_ENTITY_TYPE": kind if linked else None,
            "CRM_ENTITY_ID": str(number) if linked else None, "CRM_ACTIVITY_ID": str(activity_id),
            "RECORD_FILE_ID": activity_id + 9000 if seconds > 30 else None,
            "TRANSCRIPT_ID": str(activity_id + 70_000) if seconds > 30 and activity_id % 5 == 0 else None,
            "CALL_TYPE": str(INCOMING if incoming else OUTGOING),
        }  # fmt: skip

    def comments(self, deal: Facts) -> Iterator[Dated]:
        """None or a few comments in its timeline; an empty one has a file instead."""
        dice = self._dice
        for when in self._moments(deal.made, deal.active, 2)[: int(dice.random() * 1.6 + 0.2)]:
            text = letters.COMMENTS[int(dice.random() * len(letters.COMMENTS))]
            file = {"id": deal.id, "type": "image", "name": "скан.jpg", "size": 43, "authorId": deal.person}
            yield (
                when,
                {
                    "ENTITY_ID": str(deal.id),
                    "ENTITY_TYPE": "deal",
                    "CREATED": stamp(when, self._zone),
                    "COMMENT": text,
                    "AUTHOR_ID": str(deal.person),
                    "FILES": {} if text else {str(deal.id): file},
                },
            )

    def rows(self, deal: Facts, products: list[tuple[int, str]]) -> Iterator[Values]:
        """The products of about a third of the deals: their sum is the amount, to the cent."""
        dice = self._dice
        if not products or dice.random() > 0.3:
            return
        left = round(float(deal.values[self._slots["OPPORTUNITY"]]), 2)
        count = 1 + int(dice.random() * 4)
        for at in range(count):
            price = left if at == count - 1 else round(left * dice.random() / 2, 2)
            left = round(left - price, 2)
            number, name = products[int(dice.random() * len(products))]
            yield {
                "OWNER_ID": deal.id,
                "OWNER_TYPE_ID": 2,
                "PRODUCT_ID": number,
                "PRODUCT_NAME": name,
                "PRICE": plain(price),
                "PRICE_NETTO": plain(price),
                "SORT": 10 * (at + 1),
            }
