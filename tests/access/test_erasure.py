"""A person is erased, is found nowhere afterwards, and does not come back."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headwater.access.erasure import Eraser
from headwater.access.papers import Papers
from headwater.access.whom import Whom
from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, Portal, built
from headwater.testing.river import River, river
from headwater.warehouse import erasures
from headwater.warehouse.backup import Place
from headwater.warehouse.erasures import Erasure
from headwater.warehouse.vault import Vault

NAME, SURNAME = "Ёлкина", "Заремба-Ыкина"
PHONE, DIGITS = "+7 (912) 765-43-21", "7654321"
MAIL = "Olesya.Zaremba@Example.test"
OTHER = "+7 913 222-11-00"
WORDS = (SURNAME, "olesya.zaremba", MAIL, "765-43-21", DIGITS)


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    made = built(Options(deals=12, virtual=True, limits=False))
    yield made
    made.close()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "secret.key")


@pytest.fixture
async def stream(newest_database: Any, portal: Portal, vault: Vault) -> AsyncIterator[River]:
    async with river(newest_database.url(), portal=portal, vault=vault) as flowing:
        yield flowing


def eraser(flowing: River, home: Path, database: Any = None) -> Eraser:
    assert flowing.vault is not None

    def copied() -> Place:
        raise NeedsPerson("no backups here")

    def admin() -> str:
        if database is None:
            raise NeedsPerson("no administrator")
        return str(database.url("postgres"))

    papers = Papers([home / "log"], home / "backups", 7, copied)
    return Eraser(flowing.warehouse, flowing.vault, flowing.clock, papers, admin)


async def erased(flowing: River, home: Path, database: Any, **whom: Any) -> Erasure:
    return await wished(flowing, home, database, dry_run=False, **whom)


async def wished(flowing: River, home: Path, database: Any, *, dry_run: bool, **whom: Any) -> Erasure:
    work = eraser(flowing, home, database)
    number = await work.ask(flowing.tenant.id, Whom(**whom), dry_run=dry_run, by="the officer")
    return await work.do(flowing.tenant.id, number)


def holding(database: Any) -> dict[str, list[str]]:
    """Where each of the person's words is, in whatever table."""
    return {word: found for word in WORDS if (found := database.holding(word))}


class Her:
    """A person who left traces everywhere a portal has room for them."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        contacts = portal.truth("contact")
        self.contact = int(next(iter(contacts))["ID"])
        self.deals = [int(one["ID"]) for one in portal.truth("deal")]
        lead = next(iter(portal.truth("lead")))
        self.lead = int(lead["ID"])

    def write(self) -> None:
        portal = self.portal
        multi = {
            "PHONE": [{"VALUE": PHONE, "VALUE_TYPE": "WORK"}, {"VALUE": OTHER, "VALUE_TYPE": "HOME"}],
            "EMAIL": [{"VALUE": MAIL, "VALUE_TYPE": "WORK"}],
        }
        portal.change(
            self.contact,
            {"NAME": NAME, "LAST_NAME": SURNAME, "COMMENTS": f"{NAME} звонила", **multi}, entity="contact",
        )  # fmt: skip
        portal.change(
            self.lead, {"TITLE": f"Заявка: {NAME} {SURNAME}", "NAME": NAME, "LAST_NAME": SURNAME, **multi},
            entity="lead",
        )  # fmt: skip
        first, second, *_ = self.deals
        portal.change(
            first,
            {"CONTACT_ID": str(self.contact), "TITLE": f"Сделка {SURNAME} {NAME}", "COMMENTS": "Её письмо"},
        )
        portal.change(
            second,
            {"CONTACT_ID": "0", "COMMENTS": f"Позвонить: 8 912 765 43 21, {MAIL.upper()}; {NAME}, {SURNAME}"},
        )
        portal.insert(
            {"ENTITY_TYPE": "deal", "ENTITY_ID": str(second), "COMMENT": f"обсудить с {MAIL.lower()}"},
            entity="comment",
        )


@pytest.fixture
def her(portal: Portal) -> Her:
    made = Her(portal)
    made.write()
    return made


async def test_she_is_found_nowhere_afterwards_and_does_not_come_back(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await stream.sync_all()
    her.portal.change(her.contact, {"POST": "директор", "COMMENTS": f"{MAIL} снова"}, entity="contact")
    her.portal.change(her.deals[1], {"TITLE": f"Счёт для {MAIL}"})
    stream.settle()
    await stream.sync_all()
    before = holding(newest_database)
    revenue = "select count(*), sum(value) as value from crm_deals"
    [counted] = await stream.rows(revenue)

    done = await erased(stream, tmp_path, newest_database, contacts=[str(her.contact)], leads=[str(her.lead)])

    assert before.keys() == set(WORDS)
    assert "headwater.history" not in done.counts or done.counts["headwater.history"]
    assert done.certificate is not None
    assert (done.status, done.certificate["left"]) == ("erased", [])
    assert holding(newest_database) == {}
    assert await stream.rows(revenue) == [counted]

    await stream.sync_all(full=True)
    assert holding(newest_database) == {}
