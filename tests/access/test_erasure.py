"""A person is erased, is found nowhere afterwards, and does not come back."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from psycopg import AsyncCursor
from psycopg.abc import Params, Query

from headwater.access.audit import accesses
from headwater.access.erasure import Eraser
from headwater.access.papers import Papers
from headwater.access.whom import Whom
from headwater.analytics import search
from headwater.analytics.records import Looking
from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, Portal, built
from headwater.testing.river import River, river
from headwater.testing.settled import caught_up
from headwater.warehouse import backup, documents, erasures, rotation
from headwater.warehouse.backup import Place
from headwater.warehouse.erasures import Erasure
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault

NAME, SURNAME = "Ёлкина", "Заремба-Ыкина"
PHONE, SHARED = "+7 (912) 765-43-21", "+7 913 222-11-00"
MAIL = "Olesya.Zaremba@Example.test"
WORDS = (SURNAME, "olesya.zaremba", MAIL, "765-43-21", "7654321")
TRACES = ("contacts", "leads", "deals", "activities")
CALLED = {
    "PHONE": [{"VALUE": PHONE, "VALUE_TYPE": "WORK"}, {"VALUE": SHARED, "VALUE_TYPE": "HOME"}],
    "EMAIL": [{"VALUE": MAIL, "VALUE_TYPE": "WORK"}],
}


def small() -> Portal:
    return built(Options(deals=12, virtual=True, limits=False))


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    made = small()
    yield made
    made.close()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "secret.key")


@pytest.fixture
async def stream(newest_database: Any, portal: Portal, vault: Vault) -> AsyncIterator[River]:
    async with river(newest_database.url(), portal=portal, vault=vault) as flowing:
        yield flowing


class Her:
    """A person who leaves traces everywhere a portal has room for them."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        contacts = list(portal.truth("contact"))
        self.contact, self.other = [int(one["ID"]) for one in contacts if not one["LEAD_ID"]][:2]
        taken = {one["LEAD_ID"] for one in contacts}
        free = [int(one["ID"]) for one in portal.truth("lead") if one["ID"] not in taken]
        self.lead = free[0]
        mine = {str(self.contact), str(self.other)}
        self.deals = [int(one["ID"]) for one in portal.truth("deal") if one["CONTACT_ID"] not in mine]

    def write(self) -> Self:
        portal = self.portal
        named = {"NAME": NAME, "LAST_NAME": SURNAME, **CALLED}
        portal.change(self.contact, {"COMMENTS": "звонила", **named}, entity="contact")
        lead = {"TITLE": f"Заявка: {NAME} {SURNAME}", "CONTACT_ID": str(self.contact), **named}
        portal.change(self.lead, lead, entity="lead")
        first, second, *_ = self.deals
        portal.change(first, {"CONTACT_ID": str(self.contact), "TITLE": f"Сделка {SURNAME} {NAME}"})
        said = f"Позвонить: 8 912 765 43 21, {MAIL.upper()}; {NAME}, {SURNAME}. Срочно"
        portal.change(second, {"COMMENTS": said})
        letter = {"ENTITY_TYPE": "deal", "ENTITY_ID": str(second), "COMMENT": f"обсудить с {MAIL.lower()}"}
        portal.insert(letter, entity="comment")
        return self

    @property
    def whom(self) -> Whom:
        return Whom(contacts=[str(self.contact)], leads=[str(self.lead)])


@pytest.fixture
def her(portal: Portal) -> Her:
    return Her(portal).write()


async def live(flowing: River, her: Her) -> None:
    """She is in tables, histories, vanished records, the failed queue, the inbox and certificates."""
    await flowing.sync_all(*TRACES)
    her.portal.change(her.contact, {"POST": "директор", "COMMENTS": f"{MAIL} снова"}, entity="contact")
    _, second, third, fourth, fifth, *_ = her.deals
    her.portal.change(second, {"TITLE": f"Счёт для {MAIL}"})
    her.portal.change(third, {"TITLE": f"Спросить {PHONE}"})
    flowing.settle()
    await flowing.sync_all(*TRACES)
    her.portal.remove([third])
    her.portal.change(fourth, {"COMMENTS": f"{MAIL}"}, touch=False)
    await flowing.reconcile()
    await flowing.rows(
        "insert into headwater.answers (tenant_id, caller, key, digest, asked_at, held_until, status, body) values "
        "(%(tenant)s, '1', %(mail)s, 'x', now(), now(), 200, 'sealed'), "
        "(%(tenant)s, '1', 'under way', 'x', now(), now(), null, null)", mail=MAIL,
    )  # fmt: skip
    async with flowing.warehouse.acting_for(flowing.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute("alter table bitrix24.crm_deals add constraint sane check (opportunity < 1e9)")
    her.portal.change(fifth, {"OPPORTUNITY": "5000000000", "TITLE": f"{NAME} {SURNAME} {MAIL}"})
    flowing.settle()
    await flowing.sync_all("deals")
    async with flowing.warehouse.acting_for(flowing.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute("alter table bitrix24.crm_deals drop constraint sane")
    await flowing.rows(
        "insert into headwater.inbox (tenant_id, connection_id, event, body) values "
        "(%(tenant)s, %(link)s, 'ONCRMDEALUPDATE', %(body)s)",
        link=flowing.link.id, body="data%5Bmail%5D=Olesya.Zaremba%40Example.test&x=%2B79127654321",
    )  # fmt: skip


def eraser(flowing: River, home: Path, database: Any = None, warehouse: Warehouse | None = None) -> Eraser:
    def copied() -> Place:
        raise NeedsPerson("no backups here")

    def admin() -> str:
        if database is None:
            raise NeedsPerson("nobody may look")
        return str(database.url("postgres"))

    assert flowing.vault is not None
    papers = Papers([home / "log"], home / "backups", 7, copied)
    return Eraser(warehouse or flowing.warehouse, flowing.vault, flowing.clock, papers, admin)


async def done(work: Eraser, flowing: River, whom: Whom, *, dry_run: bool = False) -> Erasure:
    number = await work.ask(flowing.tenant.id, whom, dry_run=dry_run, by="the officer")
    return await work.do(flowing.tenant.id, number)


def holding(database: Any) -> dict[str, list[str]]:
    """Where each of her words is, in whatever table."""
    return {word: found for word in WORDS if (found := database.holding(word))}


async def searched(flowing: River, query: str) -> list[str]:
    """What search finds, as `entity id`."""
    found = await search.found(Looking(flowing.warehouse, flowing.tenant.id), query)
    return [f"{hit.entity} {hit.id}" for hit in found.hits]


async def test_she_is_found_nowhere_afterwards_and_does_not_come_back(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await live(stream, her)
    await caught_up(documents.follow, stream.warehouse, stream.link)
    assert {f"contacts {her.contact}", f"leads {her.lead}"} <= {*await searched(stream, SURNAME)}
    before = holding(newest_database)
    revenue = "select count(*), sum(value) as value, count(contact_id) as contacts from crm_deals"
    counted = await stream.rows(revenue)

    found = await done(eraser(stream, tmp_path, newest_database), stream, her.whom)

    assert {
        "public.crm_contacts", "public.crm_leads", "bitrix24.crm_deals", "headwater.history", "headwater.gone",
        "headwater.failed", "headwater.certificates", "public.crm_comments", "headwater.search",
    } <= {table for tables in before.values() for table in tables} | {
        "headwater.history" for tables in before.values() if any("history" in table for table in tables)
    }  # fmt: skip
    assert found.certificate is not None
    assert (found.status, found.certificate["left"], found.sealed) == ("erased", [], None)
    assert found.certificate["searched"]["statistics"] == "searched"
    assert holding(newest_database) == {}
    assert newest_database.holding("Olesya.Zaremba%40") == []
    assert await stream.rows("select key from headwater.answers") == [{"key": "under way"}]
    assert found.counts["headwater.answers"] == 1
    assert (
        await stream.rows(
            "select shown from headwater.search_words where shown in ('заремба', 'ыкина', 'olesya')"
        )
        == []
    )
    assert [await searched(stream, word) for word in (SURNAME, "Заремба", PHONE, MAIL, "7654321")] == [[]] * 5
    assert await stream.rows(revenue) == counted

    stream.settle()
    await stream.sync_all(*TRACES, full=True)
    certificate = await stream.reconcile()
    await caught_up(documents.follow, stream.warehouse, stream.link)

    assert holding(newest_database) == {}
    assert await searched(stream, SURNAME) == []
    assert certificate.verdict in ("equal", "repaired")
    assert (await stream.reconcile()).verdict == "equal"
    history = await stream.rows(
        "select count(*) from headwater.history where entity in ('contacts', 'leads') and run_id > %(run)s",
        run=max(row["id"] for row in await stream.rows("select max(run_id) as id from headwater.history"))
        - 1,
    )
    assert history == [{"count": 0}]


async def test_what_hangs_on_her_stays_countable_and_says_nothing(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await stream.sync_all(*TRACES)
    first, second = (str(one) for one in her.deals[:2])
    query = (
        "select external_id, title, stage, value, contact_id from crm_deals where external_id = any(%(ids)s)"
    )
    was = {row["external_id"]: row for row in await stream.rows(query, ids=[first, second])}

    await done(eraser(stream, tmp_path, newest_database), stream, her.whom)

    now = {row["external_id"]: row for row in await stream.rows(query, ids=[first, second])}
    assert now[first] == was[first] | {"title": None}
    assert now[second] == was[second]
    [said] = await stream.rows("select comments from bitrix24.crm_deals where bitrix_id = %(id)s", id=second)
    assert said["comments"] == "Позвонить: [erased], [erased]; [erased]. Срочно"


async def test_a_dry_run_counts_and_changes_nothing(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await stream.sync_all(*TRACES)
    before = holding(newest_database)

    found = await done(eraser(stream, tmp_path), stream, Whom(emails=[MAIL.upper()]), dry_run=True)

    assert (found.status, found.counts, found.certificate) == ("found", {}, None)
    assert {f"bitrix24:contacts:{her.contact}", f"bitrix24:leads:{her.lead}"} <= {*found.found["records"]}
    assert found.found["around"]["bitrix24.deals"] >= 1
    assert "public.crm_comments" in found.found["mentions"]
    assert holding(newest_database) == before
    assert await stream.rows("select digest from headwater.tombstones") == []


async def test_she_is_found_by_her_phone_in_any_form(stream: River, her: Her, tmp_path: Path) -> None:
    await stream.sync_all("contacts", "leads")

    for said in ("89127654321", "912 765-43-21", "+7(912)7654321", "7 912 765 43 21"):
        found = await done(eraser(stream, tmp_path), stream, Whom(phones=[said]), dry_run=True)

        assert f"bitrix24:contacts:{her.contact}" in found.found["records"], said


async def test_who_shares_a_phone_with_her_keeps_it(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    shared = {"PHONE": [{"VALUE": SHARED, "VALUE_TYPE": "WORK"}], "NAME": "Пётр", "LAST_NAME": "Дарвин"}
    her.portal.change(her.other, shared, entity="contact")
    await stream.sync_all(*TRACES)
    work = eraser(stream, tmp_path, newest_database)
    told = await done(work, stream, her.whom, dry_run=True)

    await done(work, stream, her.whom)
    await stream.sync_all(*TRACES, full=True)

    query = "select external_id, name, phone, email from crm_contacts where external_id = any(%(ids)s)"
    rows = await stream.rows(query, ids=[str(her.contact), str(her.other)])
    kept = {row["external_id"]: row for row in rows}
    assert f"bitrix24:contacts:{her.other}" in told.found["others"]
    assert (kept[str(her.other)]["name"], kept[str(her.other)]["phone"]) == ("Пётр Дарвин", SHARED)
    assert {*kept[str(her.contact)].values()} == {str(her.contact), None}
    assert holding(newest_database) == {}


async def test_of_two_companies_that_know_her_only_one_forgets_her(
    newest_database: Any, vault: Vault, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        streams = []
        for tenant in ("ours", "theirs"):
            portal = small()
            stack.callback(portal.close)
            made = river(newest_database.url(), portal=portal, tenant=tenant, vault=vault)
            streams.append(await stack.enter_async_context(made))
            Her(portal).write()
            await streams[-1].sync_all(*TRACES)
        ours, theirs = streams
        hashes = "select md5(string_agg(t::text, '|' order by external_id)) as hash from crm_contacts as t"
        before = await theirs.rows(hashes)

        found = await done(eraser(ours, tmp_path, newest_database), ours, Her(ours.portal).whom)

        assert (found.status, (found.certificate or {})["left"]) == ("erased", [])
        assert await theirs.rows(hashes) == before
        mine = "select count(*) from crm_contacts where tenant_id = %(tenant)s and email = %(mail)s"
        assert await ours.rows(mine, mail=MAIL) == [{"count": 0}]
        assert await theirs.rows(mine, mail=MAIL) == [{"count": 1}]


class Fuse:
    """Burns at the n-th statement: the process is gone then."""

    left: float = float("inf")


class Crash(BaseException):
    """Nothing of ours may handle it."""


class Fused(AsyncCursor[Any]):
    async def execute(self, query: Query, params: Params | None = None, **more: Any) -> Self:
        Fuse.left -= 1
        if Fuse.left < 0:
            Fuse.left = float("inf")
            await self.connection.close()
            raise Crash
        return await super().execute(query, params, **more)


async def test_cut_short_anywhere_it_goes_on_to_its_end(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await live(stream, her)
    number = await eraser(stream, tmp_path).ask(stream.tenant.id, her.whom, dry_run=False, by="the officer")
    crashes, step = 0, 10
    while True:
        async with Warehouse(newest_database.url(), size=3, cursor_factory=Fused) as fused:
            Fuse.left = step
            try:
                found = await eraser(stream, tmp_path, newest_database, fused).do(stream.tenant.id, number)
            except Crash:
                crashes, step = crashes + 1, step * 2
                continue
            finally:
                Fuse.left = float("inf")
            break

    assert crashes >= 5
    assert found.status == "erased"
    assert holding(newest_database) == {}
    assert sum(found.counts.values()) > 20


async def test_who_comes_back_under_another_id_is_kept_out_until_that_is_lifted(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await stream.sync_all(*TRACES)
    work = eraser(stream, tmp_path, newest_database)
    found = await done(work, stream, her.whom)
    lead = {"TITLE": "снова она", "NAME": NAME, "LAST_NAME": SURNAME, "STATUS_ID": "NEW", **CALLED}
    [new] = her.portal.insert(lead, entity="lead")
    stream.settle()
    await stream.sync_all(*TRACES)
    [row] = await stream.rows(
        "select title, contact_name, contact_email, status from crm_leads where external_id = %(id)s",
        id=str(new),
    )

    assert row == {"title": None, "contact_name": None, "contact_email": None, "status": "NEW"}
    assert holding(newest_database) == {}

    await work.lift(stream.tenant.id, found.id, by="the officer")
    await stream.sync_all(*TRACES, full=True)

    assert holding(newest_database).keys() >= {SURNAME, MAIL}
    with pytest.raises(NeedsPerson, match="no erasure"):
        await work.lift(stream.tenant.id, found.id, by="the officer")


async def test_logs_are_blackened_and_what_cannot_be_reached_is_told(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await stream.sync_all("contacts", "leads")
    for folder in ("log", "backups"):
        (tmp_path / folder).mkdir()
    log = tmp_path / "log" / "headwater.log"
    line = f"Ошибка: {NAME} {SURNAME} <{MAIL}>, тел. 8(912)765-43-21\n"
    log.write_text(f"раньше\n{line}позже\n")
    size = log.stat().st_size
    (tmp_path / "backups" / "headwater-20200101T000000Z.dump").write_bytes(b"")
    await stream.rows(
        "insert into headwater.keys (tenant_id, name, hint, digest, scopes, created_at) values "
        "(%(tenant)s, %(name)s, '', sha256('x'), '{read}', now())", name=f"ключ {MAIL}",
    )  # fmt: skip

    found = await done(eraser(stream, tmp_path), stream, her.whom)

    body = found.certificate or {}
    assert log.read_text().startswith("раньше\nОшибка: xxxxxxx")
    assert not any(word in log.read_text() for word in WORDS)
    assert log.stat().st_size == size
    assert found.status == "left"
    assert body["left"] == [{"where": "headwater.keys", "rows": 1}]
    assert body["searched"]["blackened"] == {"headwater.log": 3}
    assert body["searched"]["statistics"] == "made anew, not searched: nobody may look"
    assert [one["what"] for one in body["not_reached"]] == ["source", "backup", "write-ahead log"]
    assert not any(word in str(body) for word in WORDS)


async def test_who_works_here_too_goes_from_the_lists_of_what_was_done_and_stays_one_who_may_enter(
    stream: River, newest_database: Any, tmp_path: Path
) -> None:
    for statement in (
        "insert into headwater.people (tenant_id, email, role, created_at) "
        "values (%(tenant)s, %(mail)s, 'owner', now())",
        "insert into headwater.data_access_logs (tenant_id, accessed_by, action, created_at) "
        "values (%(tenant)s, %(mail)s, 'list', now())",
        "insert into headwater.starts (tenant_id, connection_id, sync_type, entities, asked_at, asked_by) "
        "values (%(tenant)s, %(link)s, 'full', '{deals}', now(), %(mail)s)",
    ):
        await stream.rows(statement, mail=MAIL.lower(), link=stream.link.id)

    found = await done(eraser(stream, tmp_path, newest_database), stream, Whom(emails=[MAIL]))

    assert found.status == "left"
    assert (found.certificate or {})["left"] == [{"where": "headwater.people", "rows": 1}]
    assert newest_database.holding(MAIL.lower()) == ["headwater.people"]
    assert (found.counts["headwater.data_access_logs"], found.counts["headwater.starts"]) == (1, 1)


async def test_a_fresh_backup_does_not_hold_her_and_the_older_ones_go(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await stream.sync_all("contacts", "leads")
    folder = tmp_path / "backups"
    place = Place(newest_database.url("postgres"), newest_database.server.bindir, folder)
    await backup.back_up(place, keep=7, now=stream.clock.now())
    with_her = [
        line async for line in backup.lines(place, backup.kept(folder)[0]) if SURNAME.encode() in line
    ]
    work = eraser(stream, tmp_path, newest_database)
    work = replace(work, papers=replace(work.papers, copied=lambda: place))
    number = await work.ask(stream.tenant.id, her.whom, dry_run=False, by="the officer")
    stream.clock.advance(60)

    found = await work.do(stream.tenant.id, number, fresh_backup=True)

    [copy] = backup.kept(folder)
    assert with_her
    assert (found.certificate or {})["fresh_backup"] == {"file": copy.name, "removed": 1, "naming": 0}
    assert "backup" not in {one["what"] for one in (found.certificate or {})["not_reached"]}
    assert not [line async for line in backup.lines(place, copy) if SURNAME.encode() in line]


async def test_without_the_key_file_nothing_is_read_that_could_bring_her_back(
    stream: River, her: Her, newest_database: Any, tmp_path: Path
) -> None:
    await stream.sync_all("contacts", "leads")
    await done(eraser(stream, tmp_path), stream, her.whom)
    vault, stream.vault = stream.vault, None

    with pytest.raises(NeedsPerson, match="key file"):
        await stream.sync_all("contacts", full=True)

    assert vault is not None
    stream.vault = vault
    await rotation.rotate(stream.warehouse, vault, drop_old=True)
    await stream.sync_all("contacts", "leads", full=True)
    assert holding(newest_database) == {}


async def test_what_names_nobody_is_refused(stream: River, tmp_path: Path) -> None:
    work = eraser(stream, tmp_path)
    for whom, words in (
        (Whom(), "name the person"),
        (Whom(emails=["nobody"]), "no e-mail address"),
        (Whom(phones=["12-34"]), "no phone number"),
        (Whom(contacts=["elsewhere:5"]), "names no record"),
        (Whom(contacts=[" "]), "names no record"),
        (Whom(emails=["a@b.test"] * 101), "not more than 100"),
    ):
        with pytest.raises(NeedsPerson, match=words):
            await work.ask(stream.tenant.id, whom, dry_run=False, by="the officer")

    assert await erasures.listed(stream.warehouse, stream.tenant.id, limit=10) == []
    with pytest.raises(NeedsPerson, match="no erasure 77"):
        await work.do(stream.tenant.id, 77)


async def test_who_wished_it_is_written_down(stream: River, her: Her, tmp_path: Path) -> None:
    work = eraser(stream, tmp_path)
    await work.ask(stream.tenant.id, her.whom, dry_run=True, by="Anna")
    await work.ask(stream.tenant.id, replace(her.whom, emails=[MAIL]), dry_run=False, by="Boris")

    found = await accesses(stream.warehouse, stream.tenant.id, limit=10)

    assert [(one.accessed_by, one.action) for one in found] == [("Boris", "erase"), ("Anna", "search")]
