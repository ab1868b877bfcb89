"""What is found, by what, and by whom: every spelling of words, phones and addresses; nothing of another tenant."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
from alifbo import fold_search_key

from headwater.analytics import search
from headwater.testing.settled import caught_up, settled
from headwater.warehouse import bi, connections, documents
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("contacts", "1", {"name": "Иванов Пётр", "phone": "8 (912) 345-67-89", "phone_e164": "+79123456789", "email": "petr@acme.ru", "assigned_to": "5", "created_at": "2026-05-01"}),
    ("contacts", "2", {"name": "Юсуф Каримов", "phone_e164": "+998901234567", "email": "Yusuf.K@silkroad.uz", "assigned_to": "6"}),
    ("companies", "1", {"name": "ООО «Ромашка»", "tax_id": "7701234567", "assigned_to": "5", "created_at": "2026-05-01"}),
    ("companies", "2", {"name": "Acme Roofing Ltd", "assigned_to": "6"}),
    ("deals", "1", {"title": "Договор на поставку оборудования", "assigned_to": "5", "created_at": "2026-01-01"}),
    ("deals", "2", {"title": "Поставка труб для Ромашки", "assigned_to": "6", "created_at": "2026-02-01"}),
    ("deals", "77", {"title": "Мижозларимизга шартнома", "assigned_to": "6", "created_at": "2026-03-01"}),
    ("deals", "78", {"title": "O‘zbekiston bo'yicha yetkazib berish", "assigned_to": "6", "created_at": "2026-03-02"}),
    ("leads", "L-5", {"title": "Roofs for the new houses", "contact_name": "Дмитрий Щербаков", "contact_phone": "+49 30 901820", "contact_email": "d@x.de", "assigned_to": "5", "custom_fields": '{"uf_color": "терракотовый"}'}),
    ("activities", "9", {"subject": "Звонок Иванову о договоре", "body": "Обсудили предложение по трубам; 50% предоплата", "employee_id": "5", "started_at": "2026-04-01"}),
    ("activities", "10", {"subject": "Письмо: 100%_ \\ 'кавычки' & | ! <->", "employee_id": "6", "started_at": "2026-04-02"}),
]  # fmt: skip
PUT = """
    insert into public.crm_{} (tenant_id, connection_id, external_id, crm_source, began, version, synced_at, {})
    values (%s, %s, %s, 'bitrix24', 1, 'v', now(), {})
"""


def put(admin: "psycopg.Connection[Any]", link: Link, entity: str, id: str, **row: Any) -> None:
    """A record, as the loader leaves it."""
    query = PUT.format(entity, ", ".join(row), ", ".join(["%s"] * len(row)))
    admin.execute(query.encode(), [link.tenant, link.id, id, *row.values()])


@dataclass
class Company:
    """A tenant whose records are searched, and another that has the same and a secret."""

    database: Any
    ours: Link
    theirs: Link
    conn: "psycopg.Connection[Any]"

    def asked(
        self, query: str, *args: Any, tenant: UUID | None = None, own: dict[int, list[str]] | None = None
    ) -> list[tuple[Any, ...]]:
        claim: dict[str, Any] = {"tenant_id": str(tenant or self.ours.tenant), "scope": "all"}
        if own is not None:
            claim |= {"scope": "own", "people": {str(link): ids for link, ids in own.items()}}
        self.conn.execute(
            "select set_config('request.jwt.claims', %s, false)", [orjson.dumps(claim).decode()]
        )
        marks = ", ".join(["%s"] * (1 + len(args)))
        asked = f"select entity, external_id, step, matched from public.search({marks}) order by place"
        return self.conn.execute(asked.encode(), [query, *args]).fetchall()

    def found(self, query: str, *args: Any, **who: Any) -> list[str]:
        return [f"{entity} {id}" for entity, id, *_ in self.asked(query, *args, **who)]

    def steps(self, query: str) -> list[str]:
        return [step for _, _, step, _ in self.asked(query)]


@pytest.fixture(scope="module")
def company(shared_databases: Any) -> Iterator[Company]:
    ours, theirs = asyncio.run(_made(shared_databases))
    with psycopg.connect(shared_databases.url(), autocommit=True) as conn:
        yield Company(shared_databases, ours, theirs, conn)


async def _made(database: Any) -> list[Link]:
    async with Warehouse(database.url(), size=2) as warehouse:
        links = []
        for slug in ("ours", "theirs"):
            tenant = await connections.put_tenant(warehouse, slug, slug)
            link = await connections.put_link(
                warehouse,
                tenant,
                source="bitrix24",
                portal=f"{slug}.example",
                title="",
                sealed="",
                account={},
            )
            with database.as_admin() as admin:
                for entity, id, row in ROWS:
                    put(admin, link, entity, id, **row)
                if slug == "theirs":
                    put(
                        admin,
                        link,
                        "deals",
                        "9000",
                        title="Тайна за семью печатями: неологизм",
                        assigned_to="5",
                    )
            await settled(warehouse)
            await caught_up(documents.follow, warehouse, link)
            links.append(link)
        return links


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("договоры", "deals 1"), ("ДОГОВОРОМ", "deals 1"), ("поставки оборудованию", "deals 1"), ("roof house", "leads L-5"),
        ("roofing", "companies 2"), ("труба ромашка", "deals 2"), ("щербакову", "leads L-5"), ("терракотового", "leads L-5"),
        ("Петр Иванов", "contacts 1"),
    ],
)  # fmt: skip
def test_every_form_of_a_word_is_the_word_in_russian_and_english(company: Company, query: str, first: str):
    assert company.found(query)[0] == first


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("ivanov petr", "contacts 1"), ("Ivanov Pyotr", "contacts 1"), ("romashka", "companies 1"), ("shcherbakov dmitriy", "leads L-5"),
        ("scherbakov dmitry", "leads L-5"), ("karimov yusuf", "contacts 2"), ("акме", "companies 2"), ("dogovor postavka", "deals 1"),
        ("bdfyjd gtnh", "contacts 1"), ("hjvfirf", "companies 1"), ("кщщаштп", "companies 2"),
    ],
)  # fmt: skip
def test_letters_of_another_alphabet_or_keyboard_are_understood(company: Company, query: str, first: str):
    assert company.found(query)[0] == first


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("рамашка", "companies 1"), ("ромошке", "companies 1"), ("предлжение", "activities 9"), ("преложние", "activities 9"),
        ("обрудования", "deals 1"), ("каримво", "contacts 2"), ("roofnig", "companies 2"), ("оборудоване потсавка", "deals 1"),
    ],
)  # fmt: skip
def test_a_typo_is_forgiven_and_told(company: Company, query: str, first: str):
    found = company.asked(query)

    assert f"{found[0][0]} {found[0][1]}" == first
    assert found[0][2] == "similar_words"
    assert not {*query.lower().split()} >= {*found[0][3]}


@pytest.mark.parametrize(
    "query",
    [
        "89123456789", "+7 912 345 67 89", "8 (912) 345-67-89", "7-912-345-67-89", "9123456789", "345-67-89", "3456789", "(912) 345.67.89",
        "8–912–345–67–89", "12 345 67 89",
    ],
)  # fmt: skip
def test_a_phone_is_found_however_it_is_written(company: Company, query: str):
    assert company.asked(query)[0][:3] == ("contacts", "1", "phone")


def test_phones_of_other_countries_are_found_and_near_ones_are_not(company: Company):
    assert company.found("+998 90 123-45-67") == ["contacts 2"]
    assert company.found("90 1234567") == ["contacts 2"]
    assert company.found("030 901820") == []
    assert company.found("30901820") == ["leads L-5"]
    assert company.found("+7 911 345 67 89") == []
    assert company.found("345-67-88") == []


def test_an_address_is_found_whole_and_by_its_domain(company: Company):
    assert company.asked("PETR@acme.ru")[0] == ("contacts", "1", "email", ["petr@acme.ru"])
    assert company.asked("yusuf.k@silkroad.uz")[0][:3] == ("contacts", "2", "email")
    assert company.asked("acme.ru")[0][:3] == ("contacts", "1", "email")
    assert company.asked("@silkroad.uz")[0][:3] == ("contacts", "2", "email")
    assert company.found("petr@elsewhere.ru") == []


def test_an_id_and_a_tax_number_come_first(company: Company):
    assert company.asked("77")[0] == ("deals", "77", "id", ["77"])
    assert company.asked("#77")[0][:3] == ("deals", "77", "id")
    assert company.asked("l-5")[0][:3] == ("leads", "L-5", "id")
    assert company.asked("7701234567")[0][:3] == ("companies", "1", "id")


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("mijozlarimizga", "deals 77"), ("mijoz", "deals 77"), ("шартнома", "deals 77"), ("shartnoma", "deals 77"), ("şartnoma", "deals 77"),
        ("ўзбекистон", "deals 78"), ("Oʻzbekiston", "deals 78"), ("özbekiston", "deals 78"), ("етказиб бериш", "deals 78"), ("бўйича", "deals 78"),
        ("Yusuf", "contacts 2"),
    ],
)  # fmt: skip
def test_uzbek_is_found_in_all_its_alphabets(company: Company, query: str, first: str):
    assert company.found(query)[0] == first


def test_what_uzbek_scripts_hold_for_one_word_is_one_word_here(company: Company):
    pairs = [
        "ўзбек",
        "o‘zbek",
        "шаҳар",
        "shahar",
        "чой",
        "choy",
        "ёш",
        "yosh",
        "хона",
        "xona",
        "ҳамма",
        "hamma",
        "ғалаба",
        "gʻalaba",
        "эълон",
        "eʼlon",
        "тўй",
        "to'y",
        "жиҳоз",
        "jihoz",
        "етти",
        "yetti",
        "поезд",
        "poyezd",
        "сентябрь",
        "sentyabr",
        "батальон",
        "batalyon",
        "мижозларимизга",
        "mijozlarimizga",
        "ёқуб",
        "yoqub",
        "ўткир",
        "o'tkir",
    ]
    assert len({fold_search_key(word) for word in pairs}) == len(pairs) // 2
    with company.database.as_admin() as admin:
        folded = [
            row[0]
            for row in admin.execute(
                "select headwater.search_folded(btrim(headwater.search_plain(word))) "
                "from unnest(%s::text[]) with ordinality as w (word, n) order by n",
                [pairs],
            ).fetchall()
        ]

    assert folded[::2] == folded[1::2]
    assert len(set(folded)) == len(pairs) // 2


def test_strict_hits_come_before_loose_ones(company: Company):
    assert company.asked("иванов пётр")[0][:3] == ("contacts", "1", "name")
    assert company.asked("договор поставки")[0][:3] == ("deals", "1", "title_words")
    assert company.asked("договор труба")[0][:3] == ("activities", "9", "all_words")
    assert company.asked("поставка труб небывальщина")[0][:3] == ("deals", "2", "most_words")
    order = list(search.STEPS)
    for query in ("иванов пётр", "договор поставки", "договор труба", "иванов труба оборудование"):
        steps = [order.index(step) for step in company.steps(query)]
        assert steps == sorted(steps), query
        assert len(set(company.found(query))) == len(steps), query


def test_the_rarer_word_weighs_more_and_activities_come_after_what_they_are_about(company: Company):
    assert company.found("иванов")[:2] == ["contacts 1", "activities 9"]
    assert company.found("договор терракотовый")[0] == "leads L-5"


def test_one_entity_may_be_asked_for_and_no_more_than_so_many(company: Company):
    assert company.found("иванов", "activities") == ["activities 9"]
    assert len(company.found("договор поставка труба иванов", None, 2)) == 2
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="there are no users to search"):
        company.found("иванов", "users")


@pytest.mark.parametrize(
    "query",
    [
        "", "   ", "!!! ??? ---", "& | ! ( ) <-> :*", "'", "\\", "%", "_", "и на в", "'; drop table headwater.search; --", "$$ || pg_sleep(9) || $$",
        "{1,2}", "a:*b & !c", "😀 🚀", "\u202e\u0301\ufeff", "́́́", "1 2 3 4 5 6 7", "[]", "\t\r\n", "null", "а" * 500, "{}'::bigint[]) or (true",
    ],
)  # fmt: skip
def test_hostile_queries_find_nothing_that_they_should_not(company: Company, query: str):
    found = company.found(query)

    assert {*found} <= {f"{entity} {id}" for entity, id, _ in ROWS}
    assert company.found("ромашка")


def test_signs_of_a_query_language_are_only_signs(company: Company):
    assert company.found("'кавычки' & !100%")[0] == "activities 10"


def test_queries_that_are_too_long_are_refused_in_words(company: Company):
    with pytest.raises(
        psycopg.errors.StringDataRightTruncation, match="at most 500 characters, this one has 100000"
    ):
        company.found("а" * 100_000)
    with pytest.raises(psycopg.errors.StringDataRightTruncation, match="at most 32 words, this one has 33"):
        company.found(" ".join(f"w{number}" for number in range(33)))


def test_another_tenants_words_and_records_are_not_there(company: Company):
    assert company.found("неологизм", tenant=company.theirs.tenant) == ["deals 9000"]
    for query in ("неологизм", "неалогизм", "тайна", "9000", "neologizm"):
        assert "deals 9000" not in company.found(query), query
    assert company.found("неологизм", tenant=uuid4()) == []


def test_who_sees_only_his_own_finds_only_his_own(company: Company):
    mine = {
        f"{entity} {id}"
        for entity, id, row in ROWS
        if "5" in (row.get("assigned_to"), row.get("employee_id"))
    }
    queries = (
        "иванов",
        "поставка",
        "89123456789",
        "acme.ru",
        "77",
        "romashka",
        "рамашка",
        "ромашка труба договор",
        "Юсуф Каримов",
    )

    for query in queries:
        assert {*company.found(query, own={company.ours.id: ["5"]})} <= mine, query
    assert company.found("поставка", own={company.ours.id: ["5"]}) == ["deals 1"]
    assert company.found("иванов", own={}) == []
    assert company.found("иванов", own={company.theirs.id: ["5"]}) == []


@pytest.fixture
def login(company: Company) -> Iterator[Callable[..., list[Any]]]:
    """Asks as a BI login of ours that claims to be theirs; with people, as one that sees only theirs."""
    names = []

    def ask(query: str, own: dict[int, list[str]] | None = None) -> list[Any]:
        name = f"bi-{uuid4().hex[:12]}"
        bi.add(company.database.url("postgres"), name, bi.Terms(company.ours.tenant, [], own))
        names.append(name)
        claim = {
            "tenant_id": str(company.theirs.tenant),
            "scope": "all",
            "app_metadata": {"tenant_id": str(company.theirs.tenant), "scope": "all"},
        }
        with psycopg.connect(company.database.url(name), autocommit=True) as conn:
            conn.execute("select set_config('request.jwt.claims', %s, false)", [orjson.dumps(claim).decode()])
            return [
                f"{row[0]} {row[1]}"
                for row in conn.execute("select entity, external_id from search(%s)", [query]).fetchall()
            ]

    yield ask
    for name in names:
        bi.remove(company.database.url("postgres"), name)


def test_a_login_finds_its_tenants_records_whatever_it_claims(
    company: Company, login: Callable[..., list[Any]]
):
    assert login("ромашка") == company.found("ромашка")
    assert login("неологизм") == []
    assert login("поставка", {company.ours.id: ["6"]}) == ["deals 2"]


def test_a_helper_called_by_itself_shows_a_login_nothing(company: Company):
    name = f"bi-{uuid4().hex[:12]}"
    bi.add(company.database.url("postgres"), name, bi.Terms(company.ours.tenant, []))
    try:
        with psycopg.connect(company.database.url(name), autocommit=True) as conn:
            for call in (
                "headwater.search_hits(%s, 'true', '0', 0, null, 9, '{}')", "headwater.search_similar(%s, 'неалогизм', 'nealogizm')",
                "headwater.search_months(%s, null, 0, null)",
            ):  # fmt: skip
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    conn.execute(f"select {call}".encode(), [company.theirs.tenant])
    finally:
        bi.remove(company.database.url("postgres"), name)


def test_common_words_are_looked_for_in_the_newest_months_first(company: Company):
    with company.database.as_admin() as admin:
        plan = "\n".join(
            row[0]
            for row in admin.execute(
                "explain select * from headwater.search as s where s.tenant_id = %s and s.tokens && '{1,2}'::bigint[]",
                [company.ours.tenant],
            ).fetchall()
        )
        months = admin.execute(
            "select cardinality(headwater.search_months(%(t)s, null, 0, 3)), cardinality(headwater.search_months(%(t)s, null, 0, null)), "
            "cardinality(headwater.search_months(%(t)s, 'deals', 0, null)), headwater.search_months(%(t)s, null, 100000, null)",
            {"t": company.ours.tenant},
        ).fetchone()

    assert "search" in plan
    assert months is not None
    assert months[0] < months[1]
    assert months[2:] == (3, None)
