"""Bitrix24 over an inbound webhook or as an application: who it is, what it holds, and how to read it."""

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import available_timezones

import httpx2

from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, SkipRecord, StopSync
from headwater.core.model import (
    Account,
    Bound,
    Decoder,
    EntitySpec,
    Fates,
    Field,
    Kind,
    Owners,
    Page,
    Row,
    Sets,
    Span,
    Survey,
    Text,
)
from headwater.core.phone import region_of
from headwater.core.ports import Clock, Ear, Offline, Pace, Tokens
from headwater.network.client import LIMIT_BYTES, Http
from headwater.network.way import PLAIN, Network
from headwater.sources.bitrix24 import directories, survey
from headwater.sources.bitrix24.address import Address, Site, address
from headwater.sources.bitrix24.children import CHILDREN
from headwater.sources.bitrix24.decode import decoder
from headwater.sources.bitrix24.entities import Process, declared
from headwater.sources.bitrix24.family import Declared
from headwater.sources.bitrix24.lanes import Lane, is_spent, lane, number_of
from headwater.sources.bitrix24.oauth import Access, application, is_app, site_of
from headwater.sources.bitrix24.offline import ABOUT, Queue, bucket_of
from headwater.sources.bitrix24.owners import owners_of
from headwater.sources.bitrix24.reading import Reader
from headwater.sources.bitrix24.setreading import SetReader
from headwater.sources.bitrix24.several import Several
from headwater.sources.bitrix24.shapes import section
from headwater.sources.bitrix24.telling import COMMENTS
from headwater.sources.bitrix24.webhooks import Bell
from headwater.sources.bitrix24.webhooks import Ear as Listening
from headwater.sources.bitrix24.wire import COMMANDS, Batch, Wire

NEEDED = ("crm",)
WANTED = {"user": "people and departments", "telephony": "calls", "department": "departments"}
CHECK_TRIES = 2  # a person is waiting
SIMPLE = "2"  # the portal works without leads


class Bitrix24:
    """One portal, seen with the rights of the person who made the webhook or whom the application acts for.

    `credentials` are the webhook's address, or what `application` made; `tokens` keeps those that wear out.
    `portal` is the host as it last answered: it moves when the portal is renamed. `memory` is what an earlier
    connection learnt: smart processes, mode, region, time zone, limits, habits. `verify` is a CA file or a
    TLS context; `language` that of field labels; `limit` the bytes of an answer above which it is cut off and
    asked again in parts.
    """

    name: ClassVar[str] = "bitrix24"
    key_column: ClassVar[str] = "bitrix_id"
    ear: ClassVar[Ear | None] = Listening()

    def __init__(
        self,
        credentials: str,
        *,
        pace: Pace,
        clock: Clock,
        portal: str | None = None,
        memory: Mapping[str, Any] | None = None,
        tokens: Tokens | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | str | Path | None = None,
        network: Network = PLAIN,
        language: str = "ru",
        limit: int = LIMIT_BYTES,
    ) -> None:
        app = is_app(credentials)
        place: Address | Site = site_of(credentials) if app else address(credentials)
        self._http = Http(
            transport=transport, verify=verify, network=network, origin=place.portal, limit=limit
        )
        self._access: Access | None = None
        if isinstance(place, Address):
            self._http.hide(place.code)
        else:
            self._access = Access(credentials, http=self._http, tokens=tokens, clock=clock)
        place = replace(place, portal=portal or place.portal)
        self._wire = Wire(
            place, http=self._http, pace=pace, clock=clock, moved=self._moved, access=self._access
        )
        self.portal = place.portal
        self._clock = clock
        self._language = language
        self._log = log.get("sources").bind(source=self.name)
        known = dict(memory or {})
        self._region: str | None = known.get("region") or region_of(place.portal)
        self._home: str | None = known.get("zone")
        self._mode: str | None = known.get("mode")
        self._last_offset: int | None = known.get("offset_minutes")
        self._processes = [Process(int(number), str(title)) for number, title in known.get("processes", ())]
        self._declared = declared(self._region, self._processes)
        self._bucket: Sequence[float] | None = known.get("bucket")
        self._several = {
            slug: Several(proven=not child.doubted, singly=slug in known.get("singly", ()))
            for slug, child in CHILDREN.items()
        }
        self._queue = Queue(self._wire, known.get("connector"), self._told) if self._access else None

    @staticmethod
    def application(
        portal: str, client_id: str, client_secret: str, refresh_token: str, server: str = ""
    ) -> str:
        """The credentials of an application, to connect with. Raises NeedsPerson when a word is wrong."""
        return application(portal, client_id, client_secret, refresh_token, server).dump()

    def __repr__(self) -> str:
        return f"Bitrix24({self.portal})"

    @property
    def entities(self) -> Mapping[str, EntitySpec]:
        """The portal's entities, smart processes among them as far as they are known."""
        return {slug: each.spec for slug, each in self._declared.items()}

    @property
    def memory(self) -> Mapping[str, Any]:
        """Smart processes, mode, region, time zone, offset from UTC, limits and queue, and what sets have
        to be asked for one by one, for the next connection."""
        learnt: dict[str, Any] = {
            "processes": [list(one) for one in self._processes],
            "mode": self._mode,
            "region": self._region,
            "offset_minutes": self._offset(),
        }
        if self._home is not None:
            learnt["zone"] = self._home
        if singly := [slug for slug, several in self._several.items() if several.singly]:
            learnt["singly"] = singly
        if self._queue is not None:
            learnt |= {"bucket": self._bucket, "connector": self._queue.connector}
        return learnt

    @property
    def key(self) -> str:
        """The portal's member id, which an application is told; empty for a webhook."""
        return self._access.key if self._access else ""

    @property
    def offline(self) -> Offline | None:
        """The queue of offline events; a webhook has none."""
        return self._queue

    async def check(self) -> Account:
        """Whose account this is and what may be seen. Raises NeedsPerson with what to do about it."""
        batch = await self._wire.settle({survey.TIME: "server.time?"} | self._whose, tries=CHECK_TRIES)
        return self._account(batch)

    @property
    def _whose(self) -> dict[str, str]:
        """The commands that tell whose account it is."""
        commands = {"who": "profile?", "scope": "scope?", "admin": "user.admin?"}
        return commands if self._access is None else commands | {"about": ABOUT}

    def _account(self, batch: Batch) -> Account:
        what = "webhook" if self._access is None else "application"
        for key in ("who", "scope"):
            if key in batch.errors:
                raise batch.errors[key]
        who = section(batch.results["who"])
        scopes = sorted(str(word) for word in section(batch.results["scope"]).values())
        admin = who.get("ADMIN") in (True, "Y", "1", 1) or batch.results.get("admin") is True
        missing = [
            f"scope {word} is missing: edit the {what} and tick {word.upper()}"
            for word in NEEDED
            if word not in scopes
        ]
        missing += [
            f"scope {word} is missing: {those} are not read until the {what} has it"
            for word, those in WANTED.items()
            if not any(one.startswith(word) for one in scopes)
        ]
        if not admin:
            missing.append("this person is not an administrator: records he may not read stay invisible")
        self._at_home(str(who.get("TIME_ZONE") or ""))
        self._told(batch.results.get("about"))
        person = " ".join(str(who[key]) for key in ("NAME", "LAST_NAME") if who.get(key))
        named = person or f"user {who.get('ID')}"
        return Account(self.portal, self.portal, named, admin, scopes, missing, self.key)

    async def survey(
        self,
        entities: Sequence[str] | None = None,
        *,
        count: bool = False,
        more: bool = False,
        account: bool = False,
    ) -> Survey:
        """Clock, lists, fields and newest ids, in one request where 50 commands suffice; with `count`, totals
        (dear if big). With `more`, smart processes that were not known before are surveyed, too; with
        `account`, what `check` tells."""
        wanted = list(self._declared if entities is None else entities)
        batch = await self._settled(
            {survey.TIME: "server.time?"}
            | (self._whose if account else {})
            | directories.commands(self._processes)
            | survey.commands(map(self._entity, wanted), count=count, language=self._language)
        )
        asked = self._processes
        fresh = self._learn(batch)
        asked = [one for one in asked if one in self._processes]
        if fresh and more:
            asked = self._processes
            wanted += [slug for slug in fresh if slug not in wanted]
            extra = survey.commands(map(self._entity, fresh), count=count, language=self._language)
            extra |= directories.commands(self._processes)
            batch = _joined(batch, await self._settled(extra))
        began = self._wire.began
        fields, newest, totals, refused, told = {}, {}, {}, {}, {}
        for slug in wanted:
            entity = self._entity(slug)
            words = ("fields", "newest", "total")
            if exc := next((e for word in words if (e := batch.errors.get(f"{word}_{slug}"))), None):
                refused[slug] = self._bearable(slug, exc)
                continue
            described, custom = batch.results.get(f"fields_{slug}"), batch.results.get(f"labels_{slug}")
            told[slug] = (described, custom)
            fields[slug] = survey.fields_of(entity, described, custom)
            newest[slug] = survey.newest_of(entity, batch.results[f"newest_{slug}"])
            total = batch.totals.get(f"total_{slug}")
            if count and isinstance(total, int):
                totals[slug] = total
        if wanted and not fields:
            raise NeedsPerson(next(iter(refused.values())))
        currency = batch.results.get(directories.BASE)
        return Survey(
            now=self._wire.now,
            fields=fields,
            newest=newest,
            currency=currency if isinstance(currency, str) and currency else None,
            totals=totals,
            refused=refused,
            books=directories.books(batch.results, told, asked, self._language),
            began=began,
            account=self._account(batch) if account else None,
        )

    def pages(self, spans: Sequence[Span]) -> AsyncIterator[Page]:
        """Reads `spans` to their ends; one page is one answer, its parts tell where each span goes on."""
        return self._reader().spans(self._lanes(spans), [s for s in spans if is_spent(s)])

    async def pairs(self, spans: Sequence[Span]) -> AsyncIterator[Page]:
        """Like `pages`, with no more of a record than its id and times."""
        spent = [s for s in spans if is_spent(s)]
        async with aclosing(self._reader().spans(self._lanes(spans), spent, brief=True)) as pages:
            async for page in pages:
                parts = [
                    part._replace(records=self._entity(part.span.entity).briefly(part.records))
                    for part in page.parts
                ]
                yield page._replace(parts=parts)

    def by_ids(self, entity: str, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Reads records by id, up to 2,500 in a request. What does not come back is gone or hidden."""
        return self._reader().ids(self._entity(entity), ids)

    def fates(self, entity: str, ids: Sequence[str]) -> AsyncIterator[Fates]:
        """Asks for records one by one, 50 in a request: a get tells the gone from the hidden."""
        return self._reader().fates(self._entity(entity), ids)

    def sets(self, slug: str, ids: Sequence[str]) -> AsyncIterator[Sets]:
        """Reads what belongs to these records: contacts and products of up to 2,500 in a request, comments
        of up to 50. Products take a command each where the portal heeds one record of a command alone."""
        reader = SetReader(self._wire, self._clock, self._several[slug])
        return reader.read(CHILDREN[slug], ids)

    async def owners(self, table: str, ids: Sequence[str]) -> Owners:
        """The records that comments belong to; the only rows that events name by ids of their own."""
        if table != COMMENTS:
            raise StopSync(f"Bitrix24 tells nobody whose rows of {table} are")
        return await owners_of(self._wire, ids)

    async def bind(self, address: str) -> Bound | None:
        """Binds all events online, as an application may; for a webhook a person has to do it."""
        return None if self._access is None else await Bell(self._wire).bind(address)

    def id_of(self, entity: str, row: Row) -> str:
        """The record's id, as the portal spells it."""
        key = self._entity(entity).family.id
        number = number_of(row, key)
        if number is None:
            raise SkipRecord(
                f"{entity}: a record without a usable id ({_short(row.get(key))}); it is put aside"
            )
        return str(number)

    def decoder(self, field: Field) -> Decoder:
        """How raw values of `field` become text forms; times without an offset are the portal's own. Before
        the portal has answered nobody knows that offset: then it is looked up with each value."""
        if self._wire.zone is not None or field.kind is not Kind.MOMENT:
            return decoder(field, self._wire.zone)

        def late(raw: Any) -> Text:
            return decoder(field, self._wire.zone)(raw)

        return late

    async def close(self) -> None:
        await self._http.close()

    def _reader(self) -> Reader:
        return Reader(self._wire, self._clock, limit=self._http.limit)

    def _moved(self, portal: str) -> None:
        self.portal = portal

    def _told(self, about: Any) -> None:
        """What `app.info` says of the plan."""
        if isinstance(about, dict):
            self._bucket = bucket_of(about)

    def _lanes(self, spans: Sequence[Span]) -> list[Lane]:
        return [
            lane(f"s{number}", self._entity(span.entity), span)
            for number, span in enumerate(spans)
            if not is_spent(span)
        ]

    def _entity(self, slug: str) -> Declared:
        if slug not in self._declared:
            raise StopSync(f"Bitrix24 has no entity {slug!r} here; there are: {', '.join(self._declared)}")
        return self._declared[slug]

    async def _settled(self, commands: Mapping[str, str]) -> Batch:
        """Answers to any number of commands, 50 in a request."""
        keys, batch = list(commands), None
        for at in range(0, len(keys), COMMANDS):
            answer = await self._wire.settle({key: commands[key] for key in keys[at : at + COMMANDS]})
            batch = answer if batch is None else _joined(batch, answer)
        if batch is None:
            raise StopSync("nothing was asked")
        asked = 0
        while more := directories.next_pages(batch.results, asked):
            batch, asked = _joined(batch, await self._wire.settle(more)), asked + 1
        return batch

    def _learn(self, batch: Batch) -> list[str]:
        """Takes over mode and smart processes; the slugs of entities that were not known before."""
        mode = batch.results.get(directories.MODE)
        if isinstance(mode, int | str):
            self._mode = "simple" if str(mode) == SIMPLE else "classic"
        for key, exc in batch.errors.items():
            if directories.is_one(key):
                self._log.warning("a list was refused", part=key, reason=str(exc))
        found = directories.processes_of(batch.results)
        if found is None or found == self._processes:
            return []
        known, self._processes = self._declared, found
        made = declared(self._region, found)
        # A process that is gone stays until this connection ends: whoever reads it is told so.
        self._declared = {**made, **{slug: each for slug, each in known.items() if slug not in made}}
        return [slug for slug in made if slug not in known]

    def _bearable(self, slug: str, exc: HeadwaterError) -> str:
        """Why an entity cannot be read, when the others can all the same; otherwise raises."""
        if isinstance(exc, RetryLater):
            raise exc
        self._log.warning("an entity was refused", entity=slug, reason=str(exc))
        return str(exc)

    def _offset(self) -> int | None:
        """How far the portal's clocks are ahead of UTC, as it last told."""
        ahead = self._wire.now.utcoffset() if self._wire.zone is not None else None
        return self._last_offset if ahead is None else round(ahead.total_seconds() / 60)

    def _at_home(self, zone: str) -> None:
        if zone in available_timezones():
            self._home = zone
        if self._region is None and (region := region_of(self.portal, zone)):
            self._region = region
            self._declared = declared(region, self._processes)


def _joined(one: Batch, other: Batch) -> Batch:
    """Both answers; what the later one says holds."""
    errors = {key: exc for key, exc in one.errors.items() if key not in other.results}
    results = {key: found for key, found in one.results.items() if key not in other.errors}
    return Batch(
        other.reply, results | dict(other.results), errors | dict(other.errors),
        dict(one.totals) | dict(other.totals),
    )  # fmt: skip


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
