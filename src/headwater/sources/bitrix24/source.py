"""Bitrix24 over an inbound webhook: who it is, what it holds, and how to read it."""

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import httpx2

from headwater.core import log
from headwater.core.errors import NeedsPerson, SkipRecord, StopSync
from headwater.core.model import Account, Decoder, EntitySpec, Fates, Field, Page, Row, Span, Survey
from headwater.core.ports import Clock, Pace
from headwater.sources._http import LIMIT_BYTES, Http
from headwater.sources._network import PLAIN, Network
from headwater.sources.bitrix24 import survey
from headwater.sources.bitrix24.address import address
from headwater.sources.bitrix24.decode import decoder
from headwater.sources.bitrix24.entities import DECLARED, Declared
from headwater.sources.bitrix24.lanes import Lane, is_spent, lane, number_of
from headwater.sources.bitrix24.reading import Reader
from headwater.sources.bitrix24.shapes import section
from headwater.sources.bitrix24.wire import Batch, Wire

NEEDED = ("crm",)
CHECK_TRIES = 2  # a person is waiting


class Bitrix24:
    """One portal, seen with the rights of the person who made the webhook at `url`.

    `portal` is the host as it last answered: it moves when the portal is renamed. `verify` is a CA file or a
    TLS context; `language` that of field labels; `limit` the bytes of an answer above which it is cut off
    and asked again in parts.
    """

    name: ClassVar[str] = "bitrix24"
    key_column: ClassVar[str] = "bitrix_id"
    entities: ClassVar[Mapping[str, EntitySpec]] = {slug: each.spec for slug, each in DECLARED.items()}

    def __init__(
        self,
        url: str,
        *,
        pace: Pace,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | str | Path | None = None,
        network: Network = PLAIN,
        language: str = "ru",
        limit: int = LIMIT_BYTES,
    ) -> None:
        place = address(url)
        self._http = Http(
            hidden=[place.code],
            transport=transport,
            verify=verify,
            network=network,
            origin=place.portal,
            limit=limit,
        )
        self._wire = Wire(place, http=self._http, pace=pace, clock=clock, moved=self._moved)
        self.portal = place.portal
        self._clock = clock
        self._language = language
        self._log = log.get("sources").bind(source=self.name)

    def __repr__(self) -> str:
        return f"Bitrix24({self.portal})"

    async def check(self) -> Account:
        """Whose webhook this is and what it may see. Raises NeedsPerson with what to do about it."""
        commands = {"who": "profile?", "scope": "scope?", "time": "server.time?", "admin": "user.admin?"}
        batch = await self._wire.settle(commands, tries=CHECK_TRIES)
        for key in ("who", "scope"):
            if key in batch.errors:
                raise batch.errors[key]
        who = section(batch.results["who"])
        scopes = sorted(str(word) for word in section(batch.results["scope"]).values())
        admin = who.get("ADMIN") in (True, "Y", "1", 1) or batch.results.get("admin") is True
        missing = [
            f"scope {word} is missing: edit the webhook and tick {word.upper()}"
            for word in NEEDED
            if word not in scopes
        ]
        if not admin:
            missing.append("this person is not an administrator: records he may not read stay invisible")
        person = " ".join(str(who[key]) for key in ("NAME", "LAST_NAME") if who.get(key))
        return Account(self.portal, self.portal, person or f"user {who.get('ID')}", admin, scopes, missing)

    async def survey(self, entities: Sequence[str], *, count: bool = False) -> Survey:
        """Clock, fields, newest ids and base currency, in one request; with `count`, totals (dear if big)."""
        declared = [_declared(slug) for slug in entities]
        batch = await self._wire.settle(survey.commands(declared, count=count, language=self._language))
        self._bear(batch)
        fields, newest, totals = {}, {}, {}
        for entity in declared:
            slug = entity.spec.slug
            found, strange = survey.fields_of(
                entity, batch.results[f"fields_{slug}"], batch.results.get(f"labels_{slug}")
            )
            if strange:
                self._log.info("unknown field types are kept as text", entity=slug, types=strange)
            fields[slug] = found
            newest[slug] = survey.newest_of(batch.results[f"newest_{slug}"])
            total = batch.totals.get(f"total_{slug}")
            if count and isinstance(total, int):
                totals[slug] = total
        currency = batch.results.get(survey.CURRENCY)
        return Survey(
            now=self._wire.now,
            fields=fields,
            newest=newest,
            currency=currency if isinstance(currency, str) and currency else None,
            totals=totals,
        )

    async def pages(self, spans: Sequence[Span]) -> AsyncIterator[Page]:
        """Reads `spans` to their ends; one page is one answer, its parts tell where each span goes on."""
        async for page in self._reader().spans(_lanes(spans), [s for s in spans if is_spent(s)]):
            yield page

    async def pairs(self, spans: Sequence[Span]) -> AsyncIterator[Page]:
        """Like `pages`, with no more of a record than its id and times."""
        spent = [s for s in spans if is_spent(s)]
        async for page in self._reader().spans(_lanes(spans), spent, brief=True):
            yield page

    async def by_ids(self, entity: str, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Reads records by id, up to 2,500 in a request. What does not come back is gone or hidden."""
        async for page in self._reader().ids(_declared(entity), ids):
            yield page

    async def fates(self, entity: str, ids: Sequence[str]) -> AsyncIterator[Fates]:
        """Asks for records one by one, 50 in a request: crm.deal.get tells the gone from the hidden."""
        async for answer in self._reader().fates(_declared(entity), ids):
            yield answer

    def id_of(self, entity: str, row: Row) -> str:
        """The record's id as the portal spells it. Raises SkipRecord when it has none that is usable."""
        id_ = row.get(_declared(entity).spec.id_field)
        if number_of(row) is None:
            raise SkipRecord(f"{entity}: a record without a usable id ({_short(id_)}); it is put aside")
        return str(id_)

    def decoder(self, field: Field) -> Decoder:
        """How raw values of `field` become text forms; times without an offset are the portal's own."""
        return decoder(field, self._wire.zone)

    async def close(self) -> None:
        """Closes the connections to the portal."""
        await self._http.close()

    def _reader(self) -> Reader:
        return Reader(self._wire, self._clock, limit=self._http.limit)

    def _moved(self, portal: str) -> None:
        self.portal = portal

    def _bear(self, batch: Batch) -> None:
        """Lets refusals of labels and currency pass: they want rights of their own. Others are raised."""
        for key, exc in batch.errors.items():
            if not survey.is_optional(key):
                raise NeedsPerson(str(exc)) if isinstance(exc, SkipRecord) else exc
            self._log.warning("part of the survey was refused", part=key, reason=str(exc))


def _lanes(spans: Sequence[Span]) -> list[Lane]:
    return [
        lane(f"s{number}", _declared(span.entity), span)
        for number, span in enumerate(spans)
        if not is_spent(span)
    ]


def _declared(slug: str) -> Declared:
    if slug not in DECLARED:
        raise StopSync(f"Bitrix24 has no entity {slug!r} here; there are: {', '.join(DECLARED)}")
    return DECLARED[slug]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
