"""Search over a big tenant whose words are as rare and as common as in language: how fast, how well.

Words follow Zipf's law. A quarter of the queries are made of the commonest ones, the others of words as they
stand together in some record. What a query finds is held against the full ranking: every document with any of
its words, weighed alike, which is what bounding candidates before ranking must not lose. A document that is
called exactly what was asked comes first here and weighs as much as others there: so it is also told how
many of the first five weigh no less than the fifth of that ranking.
"""

import math
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate
from typing import Any

import psycopg

from bench.ground import Database, Ground, company
from bench.loader import NOW
from bench.measure import Sample, watched
from headwater.testing.settled import caught_up
from headwater.warehouse import connections, documents
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

WORDS = 60_000
QUERIES = 200
COMMON = 40  # the commonest words, of which a quarter of the queries are made
TOP = 5
TABLES = ("its table", "the table's indexes", "words and spellings")
YEARS = timedelta(days=5 * 365)
SYLLABLES = [
    first + last for first in "бвгджзклмнпрстфхчш" for last in "аеио" if first + last not in ("же", "ше")
]
ENDINGS = ("", "", "н", "р", "в", "к", "ть", "ция", "ный", "ость")
COLUMNS = "tenant_id, connection_id, external_id, crm_source, {}, began, version, synced_at"
FIELDS = {
    "leads": ("title", "contact_name", "assigned_to", "created_at"),
    "deals": ("title", None, "assigned_to", "created_at"),
    "contacts": ("name", "position", "assigned_to", "created_at"),
    "companies": ("name", None, "assigned_to", "created_at"),
    "activities": ("subject", "body", "employee_id", "started_at"),
}
FOUND = "select entity || ':' || external_id from public.search(%s, null, 5)"
SIZES = """
    select pg_relation_size('headwater.search') / 1e6::float
     union all
    select pg_indexes_size('headwater.search') / 1e6::float
     union all
    select (pg_total_relation_size('headwater.search_words')
            + pg_total_relation_size('headwater.search_spellings')) / 1e6::float
"""
FULL = """
    with every as materialized (
        select s.entity || ':' || s.external_id as name, {score} as score,
               row_number() over (order by {score} desc, (s.entity = 'activities'), s.at desc nulls last,
                                           s.connection_id, s.external_id) as place
          from headwater.search as s
         where s.tenant_id = %(tenant)s and s.tokens && %(any)s::bigint[]
    )
    select e.name, e.score, e.place
      from every as e
     where e.place <= 5 or e.name = any (%(hits)s)
     order by e.place
"""
ASKED = """
    select w.exact, max(d.docs), array_agg(distinct headwater.search_token(%(tenant)s, 'w' || form)),
           array_agg(distinct headwater.search_token(%(tenant)s, 't' || form))
      from headwater.search_words_of(%(query)s) as w
     cross join lateral (values (w.exact), (w.stem), (w.root)) as f (form)
      left join headwater.search_words as d
        on d.tenant_id = %(tenant)s and d.token = headwater.search_token(%(tenant)s, 'w' || form)
     group by w.exact
"""


class Language:
    """Words by Zipf's law, and texts of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        known: dict[str, None] = {}
        while len(known) < WORDS:
            parts = self.random.choices(SYLLABLES, k=self.random.randint(2, 4))
            known["".join(parts) + self.random.choice(ENDINGS)] = None
        self.words = list(known)
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))

    def text(self, least: int, most: int) -> str:
        many = self.random.randint(least, most)
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=many))


@dataclass(slots=True)
class Answers:
    """What queries took, in milliseconds, and how much of the full ranking they found."""

    taken: list[float] = field(default_factory=list)
    common: list[float] = field(default_factory=list)
    same: list[float] = field(default_factory=list)
    as_good: list[float] = field(default_factory=list)


async def once(ground: Ground) -> list[Sample]:
    """One run: documents are made, queries asked."""
    many, language = ground.size(200_000, 8_000, 1_000_000), Language(1)
    with ground.database() as database:
        async with Warehouse(database.url(), size=2) as warehouse:
            tenant = await connections.put_tenant(warehouse, "main", "Main")
            link = await connections.put_link(
                warehouse, tenant, source="bitrix24", portal="main.example", title="", sealed="", account={}
            )
            texts = _records(database, link, many, language)
            with watched(postmaster=ground.postmaster) as filled:
                await caught_up(documents.follow, warehouse, link)
            with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
                admin.execute("vacuum analyze headwater.search, headwater.search_words")
                sizes = [row[0] for row in admin.execute(SIZES).fetchall()]
                found = _asked(database, admin, link, _queries(language, texts))
    return [
        Sample(f"search in {many:,} documents, p95 of {QUERIES} queries", _p95(found.taken), "ms"),
        Sample("the same, median", statistics.median(found.taken), "ms"),
        Sample("the same, p95 of queries of common words", _p95(found.common), "ms"),
        Sample(f"recall@{TOP} of the full OR ranking", statistics.mean(found.same), ""),
        Sample("the same, equal scores taken for equal", statistics.mean(found.as_good), ""),
        Sample("making documents", many / filled.seconds, "documents/s", filled.cpu),
        *(Sample(name, size, "MB") for name, size in zip(TABLES, sizes, strict=True)),
    ]


def _records(database: Database, link: Link, many: int, language: Language) -> list[str]:
    """Rows of a company of that size over five years; what some of them say."""
    texts = []
    with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
        for entity, count in company(many).items():
            title, more, owner, at = FIELDS[entity]
            names = [name for name in (title, more, owner, at) if name]
            copying = f"copy public.crm_{entity} ({COLUMNS.format(', '.join(names))}) from stdin"
            with admin.cursor().copy(copying.encode()) as copy:
                for number in range(count):
                    said = [language.text(2, 5)]
                    if more:
                        said.append(language.text(4, 14) if more == "body" else language.text(1, 3))
                    copy.write_row([
                        link.tenant, link.id, str(number + 1), "bitrix24", *said, str(number % 60),
                        NOW - YEARS * ((count - number) / count), 1, "v", NOW,
                    ])  # fmt: skip
                    if number % 97 == 0:
                        texts.append(" ".join(said))
        admin.execute("vacuum analyze public.crm_activities, public.crm_leads, public.crm_deals")
    return texts


def _queries(language: Language, texts: Sequence[str]) -> list[tuple[str, bool]]:
    """What is asked, and whether it is made of common words."""
    dice = random.Random(2)
    common = language.words[:COMMON]
    asked = [(" ".join(dice.sample(common, dice.choice((1, 2, 3)))), True) for _ in range(QUERIES // 4)]
    while len(asked) < QUERIES:
        words = list(dict.fromkeys(dice.choice(texts).split()))
        asked.append((" ".join(dice.sample(words, min(len(words), dice.choice((1, 2, 2, 3))))), False))
    dice.shuffle(asked)
    return asked


def _asked(
    database: Database, admin: psycopg.Connection[Any], link: Link, queries: Sequence[tuple[str, bool]]
) -> Answers:
    found = Answers()
    claim = f'{{"tenant_id": "{link.tenant}", "scope": "all"}}'
    with psycopg.connect(database.url(), autocommit=True) as line:
        line.execute("select set_config('request.jwt.claims', %s, false)", [claim])
        for query, common in queries:
            line.execute(FOUND, [query]).fetchall()  # buffers are warm
            began = time.perf_counter()
            hits = line.execute(FOUND, [query]).fetchall()
            took = (time.perf_counter() - began) * 1000
            found.taken.append(took)
            if common:
                found.common.append(took)
            first = [name for (name,) in hits[:TOP]]
            best = _ranked(admin, link, query, first)
            if best:
                scores = {name: score for name, score, _ in best}
                top = [name for name, _, place in best if place <= TOP]
                found.same.append(len({*first} & {*top}) / len(top))
                worst = scores[top[-1]]
                found.as_good.append(sum(scores.get(name, 0) >= worst for name in first) / len(top))
    return found


def _ranked(
    admin: psycopg.Connection[Any], link: Link, query: str, hits: Sequence[str]
) -> list[tuple[str, float, int]]:
    """The first five of every document with any of the words, by their weights, and these hits: each with its
    weight and its place. All words in the title count more than any text, as they do in search."""
    words = admin.execute(ASKED, {"tenant": link.tenant, "query": query}).fetchall()
    words = [row for row in words if row[1]]
    if not words:
        return []
    [total] = admin.execute("select count(*) from headwater.search").fetchone() or (0,)
    weighed = [
        f"case when s.tokens && '{_set(row[2])}' then {math.log(1 + total / float(row[1])):.6f} else 0 end"
        for row in words
    ]
    titled = " and ".join(f"s.tokens && '{_set(row[3])}'" for row in words)
    score = f"{' + '.join(weighed)} + case when {titled} then 100 else 0 end"
    every = [token for row in words for token in row[2]]
    params = {"tenant": link.tenant, "any": every, "hits": list(hits)}
    rows = admin.execute(FULL.format(score=score).encode(), params).fetchall()
    return [(name, float(score), place) for name, score, place in rows]


def _set(tokens: Sequence[int]) -> str:
    return "{" + ",".join(map(str, tokens)) + "}"


def _p95(taken: Sequence[float]) -> float:
    return sorted(taken)[len(taken) * 95 // 100]
