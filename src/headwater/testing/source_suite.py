"""Promises every source keeps. Subclass it, give fixtures `world` and `source`, add your own quirks."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from headwater.core.errors import NeedsPerson, RetryLater, SkipRecord, Unfit
from headwater.core.model import Fate, Kind, Page, Row, Span
from headwater.core.ports import Source
from headwater.testing.fakes import CountingPace

TIMES = ("created_at", "modified_at", "started_at", "entered_at")
"""Normalised columns that every record fills, where its entity has them."""


class World(Protocol):
    """An outside system in a test's hand, with no records to begin with.

    It speaks of one `entity`, which has at least one custom field where `custom` says so; ids are as the
    source spells them, the times its own.
    """

    entity: str
    custom: bool
    secret: str
    pace: CountingPace

    def connect(self) -> Source:
        """A source on this world, with the fixture's pace and clock."""
        ...

    def now(self) -> datetime: ...

    def advance(self, seconds: float) -> None:
        """Lets time pass there."""
        ...

    def add(self, count: int) -> Sequence[str]:
        """New records, made now; their ids, which are not without gaps."""
        ...

    def remove(self, ids: Sequence[str]) -> None: ...

    def touch(self, ids: Sequence[str]) -> None:
        """Somebody edits these records now."""
        ...

    def spoil(self, id: str) -> str:
        """Puts a value into the record that its field cannot hold; the field's name."""
        ...

    def overload(self, requests: int) -> None:
        """Refuses the next requests because there were too many."""
        ...

    def stumble(self, requests: int) -> None:
        """Fails on the next requests in a way that passes."""
        ...

    def lock_out(self) -> None:
        """Takes the credentials away."""
        ...


async def read(
    source: Source, spans: Sequence[Span], between: Callable[[int], None] = lambda _: None
) -> list[Page]:
    """All pages of these spans; `between` is called with the number of pages so far after each."""
    pages: list[Page] = []
    async for page in source.pages(spans):
        pages.append(page)
        between(len(pages))
    return pages


def rows_of(pages: Sequence[Page]) -> list[Row]:
    return [row for page in pages for part in page.parts for row in part.records]


def ids_of(source: Source, pages: Sequence[Page]) -> list[str]:
    """The ids the pages bring, in their order, repeated ones repeated."""
    return [
        source.id_of(part.span.entity, row) for page in pages for part in page.parts for row in part.records
    ]


def left_of(spans: Sequence[Span], pages: Sequence[Page]) -> list[Span]:
    """Where a reader who stored these pages goes on."""
    latest = {span.name: (span, False) for span in spans}
    latest |= {part.span.name: (part.span, part.done) for page in pages for part in page.parts}
    return [span for span, done in latest.values() if not done]


class SourceSuite:
    """The suite. `many` is how many records make several answers in this world."""

    many = 6_000

    @pytest.fixture
    async def source(self, world: World) -> AsyncIterator[Source]:
        source = world.connect()
        yield source
        await source.close()

    async def test_it_says_whose_account_it_is(self, source: Source) -> None:
        account = await source.check()

        assert account.portal == source.portal
        assert account.person
        assert account.admin
        assert not account.missing

    async def test_fields_are_unique_and_custom_ones_are_marked(self, world: World, source: Source) -> None:
        fields = (await source.survey([world.entity])).fields[world.entity]

        assert len({field.name.lower() for field in fields}) == len(fields)
        assert any(field.custom for field in fields) is world.custom
        assert not all(field.custom for field in fields)
        assert source.entities[world.entity].id_field in {field.name for field in fields}
        assert set(source.entities[world.entity].clocks) <= {
            field.name for field in fields if field.kind is Kind.MOMENT
        }

    async def test_a_survey_knows_the_time_the_newest_record_and_the_total(
        self, world: World, source: Source
    ) -> None:
        ids = world.add(3)

        survey = await source.survey([world.entity], count=True)

        assert abs(survey.now - world.now()) < timedelta(seconds=2)
        assert survey.newest[world.entity] == int(ids[-1])
        assert survey.totals == {world.entity: 3}

    async def test_an_empty_account_is_read_to_its_end(self, world: World, source: Source) -> None:
        survey = await source.survey([world.entity])
        newest = survey.newest[world.entity]

        pages = await read(source, [Span(world.entity, "all", upto=newest), Span(world.entity, "tail")])

        assert newest == 0
        assert {part.span.name for page in pages for part in page.parts if part.done} == {"all", "tail"}
        assert not rows_of(pages)

    async def test_pages_lose_and_repeat_nothing(self, world: World, source: Source) -> None:
        ids = world.add(self.many)
        survey = await source.survey([world.entity])

        pages = await read(source, [Span(world.entity, "all", upto=survey.newest[world.entity])])

        assert len(pages) > 1
        assert ids_of(source, pages) == list(ids)
        assert [part.done for page in pages for part in page.parts][-1]
        assert sum(part.done for page in pages for part in page.parts) == 1

    async def test_spans_side_by_side_bring_the_same_as_one_after_the_other(
        self, world: World, source: Source
    ) -> None:
        ids = world.add(600)
        low, high = int(ids[120]), int(ids[400])
        spans = [
            Span(world.entity, "low", upto=low),
            Span(world.entity, "middle", after=low, upto=high),
            Span(world.entity, "high", after=high),
        ]

        pages = await read(source, spans)

        assert sorted(ids_of(source, pages), key=int) == list(ids)
        assert left_of(spans, pages) == []

    async def test_what_comes_and_goes_while_paging_disturbs_nothing_else(
        self, world: World, source: Source
    ) -> None:
        ids = world.add(self.many)
        newest = (await source.survey([world.entity])).newest[world.entity]
        gone = [*ids[:100], *ids[-100:-20:2]]

        def disturb(pages: int) -> None:
            if pages == 1:
                world.remove(gone)
                world.add(70)

        pages = await read(source, [Span(world.entity, "all", upto=newest)], disturb)

        found = ids_of(source, pages)
        assert len(set(found)) == len(found)
        assert set(ids) - set(gone) <= set(found) <= set(ids)

    async def test_a_span_can_be_resumed_from_any_page(self, world: World, source: Source) -> None:
        ids = world.add(self.many)
        spans = [
            Span(world.entity, "all", upto=int(ids[-1])),
            Span(world.entity, "tail", after=int(ids[-30])),
        ]
        pages = await read(source, spans)

        for stop in range(1, len(pages)):
            rest = await read(source, left_of(spans, pages[:stop]))

            resumed = [*ids_of(source, pages[:stop]), *ids_of(source, rest)]
            assert sorted(resumed, key=int) == sorted(ids_of(source, pages), key=int)

    async def test_a_window_brings_exactly_what_moved_in_it(self, world: World, source: Source) -> None:
        ids = world.add(200)
        world.advance(3600)
        since = world.now()
        world.touch(ids[10:90:4])
        world.advance(60)
        world.touch([ids[150]])
        until = world.now()
        world.advance(60)
        world.touch(ids[100:120])
        clock = source.entities[world.entity].clocks[0]

        pages = await read(source, [Span(world.entity, "moved", clock=clock, since=since, until=until)])

        assert ids_of(source, pages) == [*ids[10:90:4], ids[150]]

    async def test_an_empty_window_is_told_as_done(self, world: World, source: Source) -> None:
        world.add(120)
        world.advance(3600)
        clock = source.entities[world.entity].clocks[0]

        pages = await read(source, [Span(world.entity, "moved", clock=clock, since=world.now())])

        assert [part.done for part in pages[-1].parts] == [True]
        assert not rows_of(pages)

    async def test_records_are_read_by_their_ids_and_the_gone_stay_away(
        self, world: World, source: Source
    ) -> None:
        ids = world.add(160)
        world.remove(ids[40:45])
        wanted = [*ids[10:140], str(int(ids[-1]) + 1000)]

        pages = [page async for page in source.by_ids(world.entity, wanted)]

        assert sorted(ids_of(source, pages), key=int) == [*ids[10:40], *ids[45:140]]

    async def test_pairs_say_of_every_record_when_it_changed(self, world: World, source: Source) -> None:
        ids = world.add(130)
        spec = source.entities[world.entity]
        span = Span(world.entity, "all", upto=int(ids[-1]))

        brief = rows_of([page async for page in source.pairs([span])])
        whole = rows_of(await read(source, [span]))

        assert [dict(row) for row in brief] == [
            {key: row[key] for key in (spec.id_field, *spec.clocks)} for row in whole
        ]
        assert [source.id_of(world.entity, row) for row in brief] == list(ids)

    async def test_it_says_of_each_record_whether_it_is_gone(self, world: World, source: Source) -> None:
        ids = world.add(120)
        world.remove(ids[40:60])

        answers = [answer async for answer in source.fates(world.entity, [*ids, "nonsense"])]

        assert {id: fate for answer in answers for id, fate in answer.fates.items()} == (
            dict.fromkeys(ids, Fate.HERE) | dict.fromkeys([*ids[40:60], "nonsense"], Fate.GONE)
        )
        assert sum(answer.requests for answer in answers) == len(world.pace.turns)

    async def test_read_numbers_rise_and_every_request_is_counted(self, world: World, source: Source) -> None:
        ids = world.add(self.many)
        await source.survey([world.entity])
        before = len(world.pace.turns)
        world.overload(2)

        pages = await read(source, [Span(world.entity, "all", upto=int(ids[-1]))])

        began = [page.began for page in pages]
        assert began == sorted(set(began))
        assert sum(page.requests for page in pages) == len(world.pace.turns) - before
        assert len(world.pace.refusals) == 2

    async def test_a_busy_or_stumbling_system_is_asked_again(self, world: World, source: Source) -> None:
        ids = world.add(120)
        world.overload(2)
        world.stumble(2)

        pages = await read(source, [Span(world.entity, "all", upto=int(ids[-1]))])

        assert ids_of(source, pages) == list(ids)

    async def test_a_system_that_stays_down_is_left_for_later(self, world: World, source: Source) -> None:
        world.stumble(1_000)

        with pytest.raises(RetryLater) as caught:
            await source.survey([world.entity])

        assert world.secret not in str(caught.value)

    async def test_lost_credentials_need_a_person(self, world: World, source: Source) -> None:
        world.lock_out()

        with pytest.raises(NeedsPerson) as caught:
            await source.check()

        assert world.secret not in str(caught.value)
        assert source.portal in str(caught.value)

    async def test_the_secret_is_in_no_text_form(self, world: World, source: Source) -> None:
        assert world.secret not in f"{source} {source!r}"

    async def test_every_value_is_decoded_and_the_normal_columns_are_filled(
        self, world: World, source: Source
    ) -> None:
        ids = world.add(20)
        fields = (await source.survey([world.entity])).fields[world.entity]
        decoders = {field.name: source.decoder(field) for field in fields}
        pages = await read(source, [Span(world.entity, "all", upto=int(ids[-1]))])

        for row in rows_of(pages):
            values = {field.name: decoders[field.name](row.get(field.key)) for field in fields}
            normal = {one.column: one.take(values) for one in source.entities[world.entity].normal}

            assert values[source.entities[world.entity].id_field] == source.id_of(world.entity, row)
            assert all(normal[name] for name in TIMES if name in normal)

    async def test_the_person_a_normal_column_names_is_known_as_the_owner(self, source: Source) -> None:
        """Otherwise a login that should see only its own records sees all in the typed tables."""
        for entity, spec in source.entities.items():
            if "assigned_to" in {one.column for one in spec.normal}:
                fields = (await source.survey([entity])).fields[entity]

                assert spec.owner_field in {field.name for field in fields}, entity

    async def test_normal_columns_bear_missing_fields(self, world: World, source: Source) -> None:
        assert {one.take({}) for one in source.entities[world.entity].normal} == {None}

    async def test_a_broken_value_stays_inside_its_record(self, world: World, source: Source) -> None:
        ids = world.add(60)
        name = world.spoil(ids[20])
        fields = (await source.survey([world.entity])).fields[world.entity]
        decoders = [(field, source.decoder(field)) for field in fields]
        pages = await read(source, [Span(world.entity, "all", upto=int(ids[-1]))])

        unfit = []
        for row in rows_of(pages):
            for field, decode in decoders:
                try:
                    decode(row.get(field.key))
                except Unfit as exc:
                    unfit.append((source.id_of(world.entity, row), field.name, str(exc)))

        assert [(id_, field) for id_, field, _ in unfit] == [(ids[20], name)]
        assert unfit[0][2]

    async def test_a_record_without_an_id_is_put_aside(self, world: World, source: Source) -> None:
        with pytest.raises(SkipRecord):
            source.id_of(world.entity, {})

    async def test_reading_on_from_the_end_brings_only_what_is_new(
        self, world: World, source: Source
    ) -> None:
        ids = world.add(30)
        tail = Span(world.entity, "tail", after=int(ids[-1]))
        fresh = world.add(3)

        pages = await read(source, [tail])
        again = await read(source, [replace(tail, after=int(fresh[-1]))])

        assert ids_of(source, pages) == list(fresh)
        assert not rows_of(again)
