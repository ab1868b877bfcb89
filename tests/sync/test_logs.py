"""Logs name connections, entities and runs, and nothing of the people in the CRM, whatever goes wrong."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import structlog

from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.sandbox.bitrix24 import Options, built
from headwater.sandbox.bitrix24.faults import Fault, Kind
from headwater.testing.river import river

MARKS = ("Мухамедзянова", "Nightingale", "zulfiya.m@example.com", "998901234567", "Проспект Тайный")
"""Somebody whom nothing else is called like, and what he wrote."""


@pytest.fixture
def kept() -> Iterator[list[str]]:
    """Every line, of every level."""
    found: list[str] = []
    log.setup(json=True, debug=True, keep=found.append)
    yield found
    structlog.reset_defaults()


def people_of(portal: Any) -> set[str]:
    """Names, phones and mail addresses of everybody in a portal, as they are spelled there."""
    found = set(MARKS)
    for entity in ("contact", "lead"):
        for record in portal.truth(entity):
            for name in ("LAST_NAME", "SECOND_NAME", "EMAIL", "PHONE", "PERSONAL_MOBILE"):
                value = record.get(name)
                values = value if isinstance(value, list) else [value]
                found |= {str(one.get("VALUE") if isinstance(one, dict) else one) for one in values if one}
    return {one for one in found if len(one) > 5}


async def test_a_sync_in_which_everything_goes_wrong_logs_nothing_of_anybody(newest_database, kept):
    portal = built(Options(deals=12, virtual=True, limits=False))
    name, english, mail, phone, secret = MARKS
    [contact] = portal.insert(
        {"NAME": english, "LAST_NAME": name, "EMAIL": [{"VALUE": mail, "VALUE_TYPE": "WORK"}],
         "PHONE": [{"VALUE": f"+{phone}", "VALUE_TYPE": "WORK"}], "COMMENTS": secret},
        entity="contact",
    )  # fmt: skip
    deals = [int(one["ID"]) for one in portal.truth()][:3]
    for deal in deals:  # values that do not fit their columns
        portal.change(
            deal, {"OPPORTUNITY": name, "CLOSEDATE": english, "TITLE": f"{name} {phone}", "COMMENTS": secret}
        )
    people = people_of(portal)
    troubles: list[HeadwaterError] = []

    async with river(newest_database.url(), portal=portal) as stream:

        async def tried(work: Callable[[], Any]) -> None:
            stream.settle()
            try:
                await work()
            except HeadwaterError as exc:
                troubles.append(exc)

        await tried(stream.sync_all)
        for faults in (
            [
                Fault(Kind.NO_ID, "crm.deal.list", key="s*p*"),
                Fault(Kind.NO_ID, "crm.contact.list", key="s*p*"),
                Fault(Kind.MISSING_KEY, "crm.lead.list"),
            ],
            [Fault(Kind.CUT, count=None)],
            [Fault(Kind.HTML_200, count=None)],
        ):
            for fault in faults:
                portal.add_fault(fault)
            await tried(lambda: stream.sync_all(full=True))
            portal.faults.clear()
        portal.change(contact, {"LAST_NAME": f"{name}-2"}, entity="contact")
        await tried(stream.sync_all)
        await tried(stream.reconcile)
        await tried(lambda: stream.sync_ids(*map(str, deals), "999999"))
        portal.set_state("deleted")
        await tried(stream.sync_all)

    text = "\n".join(kept)
    assert len(people) > 20
    assert len(kept) > 100
    assert [one for one in people if one in text] == []
    assert [one for one in people for exc in troubles if one in str(exc)] == []
    assert any("not JSON, or cut off" in str(exc) for exc in troubles)
    assert any(isinstance(exc, NeedsPerson) for exc in troubles)
    lines = [json.loads(line) for line in kept]
    runs = [one for one in lines if one["event"] in ("run begins", "page stored", "run complete")]
    assert runs
    assert all({"tenant", "connection", "entity"} <= set(one) for one in runs)
    assert all("run" in one for one in runs)


def test_what_a_database_or_a_parser_says_of_a_value_is_not_told(kept, newest_database):
    logger = log.get("test")
    with newest_database.as_admin() as admin:
        admin.execute("create table one (id int primary key, born date)")
        admin.execute("insert into one values (1, null)")
        for statement in (
            "insert into one values (1, '2026-01-01')",
            f"select '{MARKS[0]}'::date",
            f"select '{MARKS[0]}'::jsonb",
        ):
            try:
                admin.execute(statement)
            except psycopg.Error:
                logger.error("it failed", exc_info=True)
    try:
        try:
            int(MARKS[0])
        except ValueError as exc:
            raise KeyError(MARKS[1]) from exc
    except KeyError as exc:
        logger.error("it failed", exc_info=exc)
    try:
        raise ExceptionGroup("two", [NeedsPerson("connect again"), ValueError(MARKS[2])])
    except ExceptionGroup as exc:
        logger.error("it failed", exc_info=exc)

    text = "\n".join(kept)
    assert not any(mark in text for mark in MARKS)
    assert "psycopg.errors.UniqueViolation (SQLSTATE 23505)" in text
    assert "psycopg.errors.InvalidDatetimeFormat (SQLSTATE 22007)" in text
    assert "NeedsPerson: connect again" in text
    assert re.search(r"ValueError\\n.*KeyError", text)
    assert "test_logs.py" in text
