"""What is wrong is told once, again while it lasts, and when it is mended; and never lost on its way."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from string import Formatter
from uuid import UUID

import pytest

from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater
from headwater.core.letters import Letter
from headwater.jobs.alert_list import entries
from headwater.jobs.alert_words import HEADS, WORDS, letter, remedy, sentence
from headwater.jobs.alerting import GIVEN_UP, LATEST, OURS, Alerting, Patience, Step, decide, pause
from headwater.jobs.conditions import CONNECTIONS, HOUSES, Condition
from headwater.testing.fakes import FakeClock
from headwater.testing.sample import NOW
from headwater.warehouse import alerts
from headwater.warehouse.alerts import Alert, Notice
from headwater.warehouse.pool import Warehouse

TENANT, OTHER = UUID(int=7), UUID(int=8)
PATIENCE = Patience(hold=timedelta(minutes=5), again=timedelta(days=1))
LATE = Condition("late", TENANT, 3, {"name": "acme", "entities": "deals", "minutes": 40})
DISK = Condition("disk", None, 0, {"free_mb": 100})


def walked(*minutes_wrong: tuple[float, bool]) -> list[tuple[float, str | None]]:
    """What is told when it is found wrong, or not, at these minutes."""
    known: Alert | None = None
    told = []
    for minute, wrong in minutes_wrong:
        if known is None and not wrong:
            continue
        step = decide(known, LATE if wrong else None, now=NOW + timedelta(minutes=minute), patience=PATIENCE)
        known = None if step.alert is None or step.alert.closed_at else step.alert
        if step.tell:
            told.append((minute, step.tell))
    return told


@pytest.mark.parametrize(
    ("course", "told"),
    [
        ([(0, True), (4, True)], []),
        ([(0, True), (4, True), (5, True), (6, True), (60, True)], [(5, "opened")]),
        ([(0, True), (5, True), (6, False), (10, False), (11, False)], [(5, "opened"), (11, "recovered")]),
        # It comes and goes: one alert, and no word of mending in between.
        ([(0, True), (5, True), (6, False), (9, True), (10, False), (13, True), (14, True)], [(5, "opened")]),
        # It comes and goes before it counted: never clear for long, so it does count in the end.
        ([(0, True), (1, False), (2, True), (3, False), (5, True)], [(5, "opened")]),
        ([(0, True), (1, False), (6, False), (7, True), (8, True)], []),
        ([(0, True), (5, True), (1444, True), (1445, True), (1450, True)], [(5, "opened"), (1445, "still")]),
        # Mended and wrong again is another one.
        ([(0, True), (5, True), (6, False), (11, False), (12, True), (17, True)],
         [(5, "opened"), (11, "recovered"), (17, "opened")]),
    ],
)  # fmt: skip
def test_when_something_is_told(course, told):
    assert walked(*course) == told


def test_nothing_known_and_nothing_found_is_nothing():
    assert decide(None, None, now=NOW, patience=PATIENCE) == Step(None)


def placeholders(text: str) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("kind", [*CONNECTIONS, *HOUSES])
def test_every_kind_has_its_words_in_both_languages_with_the_same_facts(kind):
    english, russian, help_en, help_ru = WORDS[kind]

    assert placeholders(english) == placeholders(russian)
    assert all(text.strip() for text in (english, russian, help_en, help_ru))
    assert ("{name}" in english) == (kind in CONNECTIONS)


def test_no_words_are_there_for_what_is_never_told():
    assert set(WORDS) == {*CONNECTIONS, *HOUSES}


class Post:
    """A channel that takes letters, or fails as often as it is told to."""

    def __init__(self, name: str, *troubles: HeadwaterError) -> None:
        self.name = name
        self.troubles = list(troubles)
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.letters.append(letter)

    @property
    def told(self) -> list[str]:
        return [str(one.document["event"]) for one in self.letters]


class Watch:
    """Somebody who looks, what he finds, and whom he tells."""

    def __init__(self, warehouse: Warehouse, clock: FakeClock, *channels: Post) -> None:
        self.found: Sequence[Condition] = []
        self.clock = clock
        self.judge = Alerting(warehouse, clock, looked=self._looked, channels=channels, patience=PATIENCE)

    async def _looked(self) -> Sequence[Condition]:
        return self.found

    async def look(self, *found: Condition, after: float = 0) -> None:
        self.clock.advance(after * 60)
        self.found = found
        await self.judge.look()


async def test_an_alert_is_told_by_every_channel_once_and_its_end_too(warehouse: Warehouse):
    mail, chat = Post("mail"), Post("telegram")
    watch = Watch(warehouse, FakeClock(NOW), mail, chat)

    await watch.look(LATE, DISK)
    assert await entries(warehouse, TENANT, only_open=True) == []
    for _ in range(3):
        await watch.look(LATE, DISK, after=5)
    lasting = await entries(warehouse, TENANT, only_open=True)
    await watch.look(DISK, after=1)
    await watch.look(DISK, after=6)

    assert mail.told == chat.told == ["opened", "opened", "recovered"]
    assert {one.kind for one in lasting} == {"late", "disk"}
    assert all(told.sent_at for one in lasting for told in one.told)
    [over] = [one for one in await entries(warehouse, TENANT, only_open=False) if one.closed_at]
    assert over.kind == "late"
    assert [one.kind for one in await entries(warehouse, OTHER, only_open=True)] == ["disk"]


async def test_two_who_look_at_once_and_one_who_begins_anew_tell_it_once(newest_database):
    mail = Post("mail")
    clock = FakeClock(NOW)
    async with (
        Warehouse(newest_database.url(), size=3) as one,
        Warehouse(newest_database.url(), size=3) as two,
    ):
        watches = [Watch(one, clock, mail), Watch(two, clock, mail)]
        await asyncio.gather(*(watch.look(LATE) for watch in watches))
        clock.advance(600)
        await asyncio.gather(*(watch.look(LATE) for watch in watches))
        await Watch(one, clock, mail).look(LATE)

    assert mail.told == ["opened"]


async def test_what_did_not_arrive_is_kept_seen_and_tried_again_in_its_order(warehouse: Warehouse):
    chat = Post("telegram", RetryLater("away"), RetryLater("away", wait=600))
    watch = Watch(warehouse, FakeClock(NOW), Post("mail"), chat)

    await watch.look(LATE)
    await watch.look(LATE, after=5)
    [waits] = await entries(warehouse, TENANT, only_open=True)
    await watch.look(after=1)
    await watch.look(after=5)
    assert chat.told == []
    await watch.look(after=6)
    await watch.look(after=1)

    by_channel = {told.channel: told for told in waits.told}
    assert by_channel["mail"].sent_at is not None
    assert (by_channel["telegram"].error, by_channel["telegram"].tries) == ("away", 1)
    assert chat.told == ["opened", "recovered"]


async def test_a_letter_whose_sender_died_is_sent_by_the_next(warehouse: Warehouse):
    class Deadly(Post):
        async def send(self, letter: Letter) -> None:
            raise asyncio.CancelledError

    clock = FakeClock(NOW)
    dying, mail = Watch(warehouse, clock, Deadly("mail")), Post("mail")
    await dying.look(LATE)
    with pytest.raises(asyncio.CancelledError):
        await dying.look(LATE, after=5)
    next_one = Watch(warehouse, clock, mail)
    await next_one.look(LATE, after=1)
    assert mail.told == []

    await next_one.look(LATE, after=OURS.total_seconds() / 60)

    assert mail.told == ["opened"]


async def test_what_nobody_could_be_told_for_days_is_given_up_and_says_so(warehouse: Warehouse):
    chat = Post("telegram", *[NeedsPerson("the token is wrong") for _ in range(3)])
    watch = Watch(warehouse, FakeClock(NOW), chat)
    await watch.look(LATE)
    await watch.look(LATE, after=5)

    await watch.look(LATE, after=GIVEN_UP.total_seconds() / 60)

    [alert] = await entries(warehouse, TENANT, only_open=True)
    first = alert.told[0]
    assert (first.sent_at, first.due_at, first.error) == (None, None, "the token is wrong")


async def test_old_alerts_go_with_their_letters(warehouse: Warehouse, database):
    watch = Watch(warehouse, FakeClock(NOW), Post("mail"))
    for found in ([LATE], [LATE], [], []):
        await watch.look(*found, after=6)

    await alerts.forget(warehouse, before=NOW + timedelta(days=1))

    with database.as_admin() as admin:
        left = admin.execute(
            "select (select count(*) from headwater.alerts), (select count(*) from headwater.letters)"
        )
        assert left.fetchone() == (0, 0)


async def test_a_test_says_what_happened_by_each_channel(warehouse: Warehouse):
    mail, chat = Post("mail"), Post("telegram", NeedsPerson("no such chat"))

    found = await Watch(warehouse, FakeClock(NOW), mail, chat).judge.test()

    assert found == {"mail": "", "telegram": "no such chat"}
    assert mail.told == ["test"]


@pytest.mark.parametrize(
    ("exc", "tries", "minutes"),
    [
        (RetryLater("x"), 1, 1),
        (RetryLater("x"), 3, 4),
        (RetryLater("x", wait=600), 1, 10),
        (RetryLater("x"), 50, 60),
        (NeedsPerson("x"), 1, 60),
    ],
)
def test_how_long_a_letter_rests(exc, tries, minutes):
    assert pause(exc, tries) == timedelta(minutes=minutes) <= LATEST


def test_a_letter_says_what_since_when_and_what_helps():
    notice = Notice(
        5, "mail", "opened", LATE.facts, NOW, 1, 2, "late", 3, since=NOW, opened_at=NOW, closed_at=None
    )

    english, russian = letter(notice, "en"), letter(notice, "ru")

    assert english.subject == f"{HEADS['opened'][0]}: acme: data is older than promised: deals (40 minutes)"
    assert "since 2026-11-21 09:00 UTC" in english.text
    assert remedy("late", "en") in english.text
    assert sentence("late", LATE.facts, "ru") in russian.text
    assert english.number == russian.number
    assert english.document["kind"] == "late"
