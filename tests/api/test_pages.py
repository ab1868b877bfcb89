"""The pages: the way in, what is shown, in two languages, without a script, and nothing a stranger could use."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from string import Formatter

import httpx2
import pytest

from headwater.access import keys, sessions
from headwater.analytics.glance import Money
from headwater.api.callers import COOKIE
from headwater.api.words import WORDS, Voice, chosen
from headwater.warehouse import lease, state
from headwater.warehouse.page import Stored

NOW = datetime.now(UTC)
EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'
DEAL = {"ID": "1", "TITLE": "one", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}


class Page(HTMLParser):
    """What a page holds: its elements with their attributes, its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def token(self) -> str:
        return next(str(one["value"]) for one in self.all("input") if one.get("name") == "token")


async def enter(api, key: str = "admin") -> httpx2.Response:
    answer = await api.post("/enter", None, data={"key": api.keys[key]})
    assert answer.status_code == 303, answer.text
    return answer


async def shown(api, path: str = "/", **headers: str) -> Page:
    answer = await api.get(path, None, headers=headers)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


async def kept_aside(api, *, reason: str = "no", record: str = "7") -> int:
    [row] = await api.ours.rows(
        "insert into headwater.failed (tenant_id, connection_id, entity, external_id, key, reason, run_id) "
        "values (%(tenant)s, %(connection)s, 'deals', %(record)s, %(record)s, %(reason)s, 1) returning id",
        connection=api.ours.link.id, reason=reason, record=record,
    )  # fmt: skip
    return row["id"]


@pytest.mark.parametrize("path", ["/", "/status"])
async def test_who_has_not_entered_is_sent_to_the_door(api, path):
    answer = await api.get(path, None)

    assert (answer.status_code, answer.headers["location"]) == (303, "/enter")


async def test_a_key_opens_a_session_that_no_script_reads_and_no_other_site_sends(api):
    answer = await enter(api)

    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=strict", "path=/", "max-age=43200"} <= set(cookie.split("; "))
    assert api.keys["admin"] not in cookie
    assert "portal.example" not in (await api.get("/enter", None)).text
    assert "<h1>Status</h1>" in (await api.get("/", None)).text


@pytest.mark.parametrize("key", ["", "hw_" + "x" * 43, "expired", "revoked", EVIL])
async def test_a_wrong_key_opens_nothing_and_says_so(api, key):
    answer = await api.post("/enter", None, data={"key": api.keys.get(key, key)})

    assert answer.status_code == 403
    assert "unknown, revoked or expired" in Page(answer.text).text
    assert "set-cookie" not in answer.headers
    assert EVIL not in answer.text


async def test_an_address_from_the_command_line_enters_once(api):
    code = await sessions.code(api.house.warehouse, api.ours.tenant.id, now=datetime.now(UTC))
    first = await api.get(f"/enter?code={code}", None)
    second = await api.get(f"/enter?code={code}", None)

    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert second.status_code == 403
    assert "used already, or is too old" in Page(second.text).text


async def test_a_secure_address_gets_a_secure_cookie(api):
    answer = await api.client.post("https://headwater/enter", data={"key": api.keys["read"]})

    assert "secure" in answer.headers["set-cookie"].lower()


async def test_leaving_ends_the_session_and_so_does_revoking_its_key(api):
    await enter(api)
    token = (await shown(api)).token
    cookie = api.client.cookies[COOKIE]
    assert (await api.post("/leave", None, data={"token": token})).status_code == 303
    api.client.cookies.set(COOKIE, cookie)
    assert (await api.get("/", None)).status_code == 303

    api.client.cookies.clear()
    await enter(api, "read")
    await keys.revoke(api.house.warehouse, api.ours.tenant.id, "read", now=datetime.now(UTC))
    assert (await api.get("/", None)).status_code == 303


async def test_the_policy_lets_nothing_in_and_the_page_needs_nothing(api):
    await enter(api)
    answer = await api.get("/", None)
    page = Page(answer.text)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not [
        attrs for _, attrs in page.elements if any(name.startswith("on") or name == "style" for name in attrs)
    ]
    assert page.all("style") == []
    for place in [one["src"] for one in page.all("script")] + [one["href"] for one in page.all("link")]:
        found = await api.get(str(place), None)
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
    assert (await api.get("/static/../app.py", None)).status_code == 404


async def test_everything_is_shown_without_a_script(api):
    await api.ours.store(DEAL, {**DEAL, "ID": "2"}, began=1)
    async with api.house.warehouse.acting_for(api.ours.tenant.id) as conn:
        await state.advance(
            conn, api.ours.tenant.id, api.ours.link.id, "deals", run=api.ours.run, cursor={}, read_records=450,
            full=True, stored=Stored(created=450), requests=9, notes={},
        )  # fmt: skip
    await api.ours.rows(
        "update headwater.sync_state set source_records = 2000, status = 'syncing' where tenant_id = %(tenant)s"
    )
    await kept_aside(api, reason="has no usable id")
    await enter(api)
    page = await shown(api)

    assert "450 of 2 000" in page.text
    [bar] = page.all("progress")
    assert (bar["max"], bar["value"]) == ("2000", "450")
    assert "polling" in page.text
    assert "has no usable id" in page.text
    assert "First load is not complete yet" in page.text
    assert {one.get("action") for one in page.all("form")} >= {"/leave", "/status/replay"}


async def test_text_from_a_crm_is_text(api, newest_database):
    with newest_database.as_admin() as admin:
        admin.execute(
            "update headwater.connections set title = %s, paused_at = now(), paused_reason = %s", [EVIL, EVIL]
        )
        admin.execute("update headwater.sync_state set status = 'error', error_message = %s", [EVIL])
    await kept_aside(api, reason=EVIL, record=EVIL)
    await enter(api)
    answer = await api.get("/", None)
    page = Page(answer.text)

    assert "<script>alert" not in answer.text
    assert "onerror=alert(1)>" not in answer.text.replace("&gt;", "")
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert page.text.count(EVIL) >= 4


async def test_amounts_of_different_currencies_are_never_added_up(api, newest_database):
    with newest_database.as_admin() as admin:
        for number, (value, currency, won) in enumerate(
            [(100, "RUB", None), (50, "RUB", None), (7, "USD", None), (1000, "RUB", True), (3, None, None)]
        ):
            admin.execute(
                "insert into public.crm_deals (tenant_id, connection_id, external_id, crm_source, value, currency, won, "
                "closed_at, began, version, synced_at) values (%s, %s, %s, 'bitrix24', %s, %s, %s, now(), 1, '', now())",
                [api.ours.tenant.id, api.ours.link.id, f"m{number}", value, currency, won],
            )
        admin.execute(
            "insert into public.crm_activities (tenant_id, connection_id, external_id, crm_source, type, started_at, "
            "began, version, synced_at) values (%s, %s, '1', 'bitrix24', 'call', now(), 1, '', now())",
            [api.ours.tenant.id, api.ours.link.id],
        )
    await enter(api)
    text = (await shown(api)).text

    assert "In the pipeline 150 RUB" in text
    assert "7 USD" in text
    assert "3 no currency" in text
    assert "Open deals 4" in text
    assert "Won this month 1 1 000 RUB" in text
    assert "Calls today 1" in text


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_days_begin_at_midnight_where_the_tenant_counts(api, newest_database, zone):
    """What begins today in the one zone was yesterday in the other, all day but for an hour."""
    with newest_database.as_admin() as admin:
        admin.execute(
            "insert into headwater.dashboard_configs (tenant_id, timezone) values (%s, %s)",
            [api.ours.tenant.id, zone],
        )
        admin.execute(
            "insert into public.crm_activities (tenant_id, connection_id, external_id, crm_source, type, started_at, "
            "began, version, synced_at) select %s, %s, '1', 'bitrix24', 'call', "
            "date_trunc('day', now() at time zone 'Pacific/Kiritimati') at time zone 'Pacific/Kiritimati', 1, '', now()",
            [api.ours.tenant.id, api.ours.link.id],
        )
        [same_day] = admin.execute(
            "select (date_trunc('day', now() at time zone 'Pacific/Kiritimati') at time zone 'Pacific/Kiritimati' "
            "at time zone %s)::date = (now() at time zone %s)::date",
            [zone, zone],
        ).fetchone()
    await enter(api)

    assert f"today {int(same_day)}" in (await shown(api)).text
    assert same_day or zone == "Pacific/Pago_Pago"


async def test_another_tenants_session_sees_its_own_page(api):
    await api.ours.store(DEAL, began=1)
    await kept_aside(api, reason="ours alone")
    await enter(api, "theirs")
    page = await shown(api)

    assert "ours alone" not in page.text
    assert api.theirs.link.slug in page.text
    assert "Open deals 0" in page.text


async def test_a_form_without_the_token_of_its_session_does_nothing(api):
    number = await kept_aside(api)
    await enter(api)
    token = (await shown(api)).token
    for data, headers in (
        ({"number": number}, {}),
        ({"number": number, "token": "x" * 64}, {}),
        ({"number": number, "token": sessions.form_token("another")}, {}),
        ({"number": number, "token": token}, {"sec-fetch-site": "cross-site"}),
    ):
        answer = await api.post("/status/discard", None, data=data, headers=headers)
        assert answer.status_code == 403
        assert "not of this page" in Page(answer.text).text
    assert str(number) in (await api.get("/api/v1/failed")).text


async def test_a_key_in_a_header_is_no_session_and_a_session_changes_nothing_through_the_api(api):
    assert (await api.get("/", "admin")).status_code == 303
    await enter(api)

    assert (await api.get("/api/v1/sync/status", None)).status_code == 200
    assert (await api.post("/api/v1/sync/start/all", None)).status_code == 403


async def test_an_entry_is_thrown_away_by_its_button(api):
    number = await kept_aside(api)
    await enter(api)
    token = (await shown(api)).token
    first = await api.post("/status/discard", None, data={"number": number, "token": token})
    again = await api.post("/status/discard", None, data={"number": number, "token": token})

    assert first.headers["location"] == "/?said=said_discarded"
    assert again.headers["location"] == "/?said=said_unknown"
    page = await shown(api, "/?said=said_discarded")
    assert "It was thrown away." in page.text
    assert "Every record is stored." in page.text


@pytest.mark.parametrize("number", ["", "x", "-1", "1" * 40, "1; drop table", "٣"])
async def test_a_number_that_is_none_names_no_entry(api, number):
    await enter(api)
    token = (await shown(api)).token

    for action in ("discard", "replay"):
        answer = await api.post(f"/status/{action}", None, data={"number": number, "token": token})
        assert answer.headers["location"] == "/?said=said_unknown"


async def test_a_connection_that_is_being_synced_is_not_disturbed(api, newest_database):
    number = await kept_aside(api)
    await enter(api)
    token = (await shown(api)).token
    async with lease.taken(api.house.warehouse, api.ours.tenant.id, api.ours.link.id, now=NOW):
        answer = await api.post("/status/replay", None, data={"number": number, "token": token})

    assert answer.headers["location"] == "/?said=said_busy"


async def test_buttons_are_for_those_who_may(api):
    await kept_aside(api)
    seen = {}
    for key in ("read", "sync", "admin"):
        api.client.cookies.clear()
        await enter(api, key)
        page = await shown(api)
        seen[key] = {
            one.get("formaction") or "replay" for one in page.all("button") if one.get("aria-describedby")
        }
        token = page.token
        if key != "admin":
            data = {"number": "1", "token": token}
            assert (await api.post("/status/discard", None, data=data)).status_code == 403

    assert seen == {"read": set(), "sync": {"replay"}, "admin": {"replay", "/status/discard"}}


async def test_it_speaks_the_readers_language_and_remembers_the_one_he_chose(api):
    await enter(api)
    russian = await shown(api, **{"accept-language": "ru-RU,ru;q=0.9,en;q=0.8"})
    chosen_english = await shown(api, "/?lang=en", **{"accept-language": "ru"})
    remembered = await shown(api, **{"accept-language": "ru"})

    assert "Открытые сделки" in russian.text
    assert russian.all("html")[0]["lang"] == "ru"
    assert "Open deals" in chosen_english.text
    assert "Open deals" in remembered.text


async def test_a_database_that_is_away_is_said_on_the_page(api):
    await enter(api)
    await api.house.warehouse.__aexit__(None, None, None)
    answer = await api.get("/", None)

    assert answer.status_code == 503
    assert "database does not answer" in Page(answer.text).text


@pytest.mark.parametrize("path", ["/enter", "/"])
async def test_a_page_can_be_used_by_keyboard_and_read_aloud(api, path):
    if path == "/":
        await kept_aside(api)
        await enter(api)
    page = await shown(api, path)
    names = [name for name, _ in page.elements]

    assert names.count("h1") == names.count("main") == names.count("header") == 1
    assert page.all("html")[0]["lang"]
    assert page.all("a")[0]["href"] == "#content"
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for attrs in [attrs for _, attrs in page.elements]:
        for name in ("aria-labelledby", "aria-describedby"):
            assert attrs.get(name) is None or attrs[name] in ids
    labels = {one["for"] for one in page.all("label")}
    assert all(one.get("type") == "hidden" or one["id"] in labels for one in page.all("input"))
    heads = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(after - before <= 1 for before, after in pairwise(heads))
    assert all(one.get("scope") for one in page.all("th"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", WORDS)
def test_a_word_is_there_in_both_languages_with_the_same_facts(key):
    english, russian = WORDS[key]

    assert english.strip()
    assert russian.strip()
    assert placeholders(english) == placeholders(russian)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5400, "2 h"), (172_800, "2 d"), (None, "–")],
)
def test_a_length_of_time_is_said_in_its_largest_unit(seconds, said):
    assert Voice("en").age(seconds) == said


def test_numbers_and_amounts_are_written_as_both_languages_read_them():
    say = Voice("ru")

    assert say.number(1_234_567).split() == ["1", "234", "567"]
    assert say.money(Money("", Decimal(5), 1)).split() == ["5", "без", "валюты"]


@pytest.mark.parametrize(
    ("wanted", "kept", "accepted", "language"),
    [
        (None, None, "", "en"), (None, None, "de,ru;q=0.5", "ru"), (None, "ru", "en", "ru"), ("en", "ru", "ru", "en"),
        ("xx", "yy", "ru-RU", "ru"), (None, None, "*", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_chosen_then_the_one_kept_then_the_browsers(wanted, kept, accepted, language):
    assert chosen(wanted, kept, accepted) == language


async def test_open_alerts_are_shown_with_what_helps_of_this_company_and_of_the_house(api, newest_database):
    await enter(api)
    with newest_database.as_admin() as admin:
        admin.execute(
            "insert into headwater.alerts (tenant_id, connection_id, kind, facts, since, seen_at, opened_at, closed_at) "
            "select tenant_id, id, kind, jsonb_build_object('name', slug, 'minutes', 7, 'tries', 2, 'hours', 80), now(), "
            "       now(), case when kind <> 'silent' then now() end, case when kind = 'quiet' then now() end "
            "  from headwater.connections, (values ('refused'), ('quiet'), ('silent')) as made (kind) "
            " union all select null, 0, 'disk', '{\"free_mb\": 900}', now(), now(), now(), null"
        )
    english, russian = await shown(api), await shown(api, **{"accept-language": "ru"})

    assert "bitrix24: the portal does not let us in, for 7 minutes" in english.text
    assert "The disk of the data home has 900 MB left" in english.text
    assert "headwater connect" in english.text
    assert "портал не пускает нас уже 7 мин." in russian.text
    assert not re.search("bitrix24_theirs|80 hours|silent, the last", english.text)
