"""The profile of a company whose data has everything wrong: each doubt is found, and nothing private is kept."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import AsyncCursor

from headwater.analytics.profile import keeping, making, showing
from headwater.analytics.profile.keeping import KnownField
from headwater.analytics.profile.model import Doubt, EntityProfile, FieldProfile, Profile
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

from .doubtful import NOW, WATCHED, filled, link_of


@dataclass(frozen=True)
class Looked:
    """The profile as it was made and as it is kept, and what it says of itself in words."""

    url: str
    link: Link
    profile: Profile
    text: str
    values: showing.Values

    def entity(self, slug: str) -> EntityProfile:
        return next(one for one in self.profile.entities if one.entity == slug)

    def field(self, slug: str, name: str) -> FieldProfile:
        return next(one for one in self.entity(slug).fields if one.name == name)

    def doubts(self, slug: str, kind: str, field: str | None = None) -> list[Doubt]:
        return [
            one for one in self.entity(slug).doubts if one.kind == kind and field in (None, one.field)
        ]  # fmt: skip

    def says(self, slug: str, kind: str, field: str | None = None, language: Any = "en") -> str:
        [doubt] = self.doubts(slug, kind, field)
        return showing.told(doubt, self.entity(slug), self.values, language).text


@pytest.fixture(scope="module")
def found(module_database: Any) -> Looked:
    with module_database.as_admin() as admin:
        filled(admin, "theirs")
        link = filled(admin)

    async def looked() -> Looked:
        async with Warehouse(module_database.url(), size=2) as warehouse:
            await keeping.remade(warehouse, link, now=NOW)
            kept = await keeping.kept(warehouse, link.tenant)
            [row] = await warehouse.rows(
                link.tenant, "select profile::text as text from headwater.profiles", {}
            )
            values = await showing.values(warehouse, link, kept[link.id].entities)
            assert [*kept] == [link.id]
            return Looked(module_database.url(), link, kept[link.id], row["text"], values)

    return asyncio.run(looked())


@pytest.mark.parametrize(
    ("entity", "kind", "field", "severity", "count", "of"),
    [
        ("leads", "pseudo_null", "source", "warning", 40, 150),
        ("leads", "near_duplicate", "source", "warning", 2, 150),
        ("leads", "imported", "created_at", "critical", 140, 148),
        ("leads", "undated", "created_at", "warning", 2, 150),
        ("leads", "missing", "contact_phone|contact_email", "critical", 150, 150),
        ("deals", "missing", "company_id", "warning", 20, 120),
        ("deals", "orphans", "company_id", "warning", 6, 120),
        ("deals", "orphans", "stage", "info", 1, 120),
        ("deals", "near_duplicate", "uf_crm_city", "warning", 3, 120),
        ("deals", "pseudo_null", "uf_crm_city", "warning", 45, 120),
        ("deals", "near_duplicate", "uf_crm_color", "info", 1, 120),
        ("deals", "astray", "uf_crm_product", "warning", 30, 120),
        ("deals", "worthless", None, "warning", 10, 30),
        ("deals", "negative", None, "warning", 1, 120),
        ("deals", "future", None, "info", 1, 120),
        ("deals", "backwards", None, "info", 2, 120),
        ("deals", "several_currencies", "currency", "info", 10, 109),
        ("deals", "no_rate", "currency", "warning", 10, 109),
        ("deals", "far_amounts", "value", "info", 1, 99),
        ("deals", "gaps", "created_at", "info", 1, 1),
        ("deals", "stale", "created_at", "info", 128, 128),
        ("deals", "idle", "assigned_to", "info", 2, 6),
        ("deals", "unused", None, "info", 1, 10),
        ("contacts", "placeholder", "email", "warning", 15, 60),
        ("companies", "misspelt", "industry", "warning", 3, 12),
        ("activities", "nights", "started_at", "critical", 50, 100),
        ("activities", "backwards", None, "info", 1, 100),
        ("calls", "orphans", "activity_id", "critical", 12, 12),
        ("calls", "undated", "started_at", "critical", 12, 12),
    ],
)
def test_every_doubt_is_found_with_how_much_of_it_there_is(
    found: Looked, entity: str, kind: str, field: str | None, severity: str, count: int, of: int
) -> None:
    [doubt] = found.doubts(entity, kind, field)

    assert (doubt.severity, doubt.count, doubt.of) == (severity, count, of)


def test_the_worst_doubts_come_first(found: Looked) -> None:
    ranks = [["critical", "warning", "info"].index(one.severity) for one in found.entity("deals").doubts]

    assert ranks == sorted(ranks)
    assert len(ranks) > 15


def test_what_a_doubt_is_about_is_shown_as_it_is_written_in_the_records_now(found: Looked) -> None:
    assert "“GTXPro” / “GTX Pro”" in found.says("deals", "astray")
    assert f"“{WATCHED.title()}  RED” / “{WATCHED} red”" in found.says(
        "deals", "near_duplicate", "uf_crm_color"
    )
    assert "“Samarqand” / “Samarkand”" in found.says("deals", "near_duplicate", "uf_crm_city")
    assert "“City”" in found.says("deals", "pseudo_null", "uf_crm_city")
    assert "“Select”" in found.says("leads", "pseudo_null", "source", "ru")
    assert (
        f"2 of 6 people of the position “Agent” have no deal: {WATCHED} Person 5, {WATCHED} Person 6"
        in found.says("deals", "idle")
    )


def test_every_doubt_has_words_and_a_remedy_in_both_languages(found: Looked) -> None:
    for entity in found.profile.entities:
        for doubt in entity.doubts:
            english, russian = (
                showing.told(doubt, entity, found.values, language) for language in ("en", "ru")
            )
            assert not re.search(r"\{[a-z_]+\}", english.text + russian.text)
            assert english.text != russian.text
            assert english.remedy != russian.remedy


def test_a_profile_holds_no_value_of_a_field_that_may_tell_of_a_person(found: Looked) -> None:
    assert WATCHED not in found.text.lower()
    for slug, name in (
        ("deals", "title"), ("deals", "uf_crm_color"), ("deals", "uf_crm_note"), ("deals", "uf_crm_key"),
        ("deals", "uf_crm_stranger"), ("contacts", "email"), ("activities", "body"), ("leads", "contact_name"),
    ):  # fmt: skip
        field = found.field(slug, name)
        assert not field.open
        assert (field.values, field.least, field.most) == ([], None, None), name
        assert field.filled > 0, name


def test_a_field_of_a_list_has_its_commonest_values_with_what_they_are_called(found: Looked) -> None:
    field = found.field("deals", "uf_crm_city")

    assert [(one.value, one.label, one.records) for one in field.values] == [
        ("c4", "City", 45), ("c1", "Samarkand", 36), ("c3", "Bukhara", 36), ("c2", "Samarqand", 3),
    ]  # fmt: skip
    assert (field.filled, field.blank, field.cardinality, field.categorical) == (75, 45, 4, True)
    assert found.field("leads", "source").kind == "list"


def test_numbers_and_days_have_ranges(found: Looked) -> None:
    size, when, value = (found.field("deals", name) for name in ("uf_crm_size", "uf_crm_when", "value"))

    assert (size.least, size.most) == ("1", "120")
    assert (when.least, when.most) == ("2026-01-01", "2026-06-01")
    assert (value.least, value.most, value.filled) == ("-5.00", "9000000.00", 110)


def test_values_of_any_shape_are_counted(found: Looked) -> None:
    odd = found.field("deals", "uf_crm_odd")

    assert 50 <= odd.filled <= 120
    assert odd.cardinality >= 8
    assert {name for name in (one.name for one in found.entity("deals").fields) if "wide" in name} == {
        f"uf_crm_wide_{at}" for at in range(400)
    }


def test_the_clock_is_the_tenants(found: Looked) -> None:
    assert found.profile.zone == "Europe/Moscow"
    assert (found.entity("deals").from_day, found.entity("deals").gaps) == ("2026-01-02", ["2026-05"])


def test_what_the_data_is_good_for_is_told_with_its_reason(found: Looked) -> None:
    categories = {one.category: (one.suggested, one.facts) for one in found.profile.categories}

    assert {name for name, (suggested, _) in categories.items() if suggested} == {
        "employees", "pipeline", "products", "sources", "customers",
    }  # fmt: skip
    assert categories["employees"][1]["people"] == 4
    assert categories["products"][1] == {"products": 3, "sold": 60, "deals": 120}


def test_fields_that_a_question_may_name_are_told_with_their_values(found: Looked) -> None:
    fields = {(one.entity, one.name): one for one in keeping.fields_of(found.profile)}

    city: KnownField = fields["deals", "uf_crm_city"]
    assert (city.where, city.labels, city.kind, city.cardinality) == ("custom", ("City", "City"), "list", 4)
    assert fields["deals", "stage"].where == "column"
    assert fields["deals", "stage"].labels[1] == "Код стадии"
    assert {one.label for one in fields["deals", "stage"].values} == {"New", "Won", "Lose", None}
    color = fields["deals", "uf_crm_color"]
    assert (color.open, color.values, color.cardinality, color.categorical) == (False, [], 3, True)
    assert not {name for _, name in fields} & {"uf_crm_note", "uf_crm_key", "uf_crm_stranger", "body"}


def test_what_is_kept_of_the_whole_tenant_has_verdicts_and_no_values(found: Looked) -> None:
    whole = keeping.whole({found.link.id: found.profile})

    assert whole is not None
    assert (whole["mode"], whole["recommendation"]) == ("classic", found.profile.recommendation)
    assert {one["entity"] for one in whole["connections"][0]["entities"]} == {
        "leads", "deals", "contacts", "companies", "activities", "calls", "products",
    }  # fmt: skip
    assert "Samarkand" not in json.dumps(whole)


async def test_of_a_large_entity_a_sample_is_looked_at_and_the_profile_says_so(found: Looked) -> None:
    async with Warehouse(found.url, size=2) as warehouse:
        profile = await making.made(warehouse, found.link, now=NOW, sample=40)

    deals = next(one for one in profile.entities if one.entity == "deals")
    assert deals.sampled
    assert 10 < deals.looked_at < 80
    assert deals.score.record_count == 120
    assert all(one.filled <= deals.looked_at for one in deals.fields)


async def test_an_entity_that_takes_too_long_is_looked_at_in_a_smaller_sample_or_not_at_all(
    found: Looked,
) -> None:
    class Slow(AsyncCursor[Any]):
        """The database does not come to an end with whole tables of deals, nor with any part of the leads."""

        async def execute(self, query: Any, params: Any = None, **words: Any) -> Any:
            text = query if isinstance(query, str) else query.as_string(None)
            whole = isinstance(params, dict) and params.get("every") == 1
            if ("crm_deals as r" in text and whole) or "crm_leads as r" in text:
                raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")
            return await super().execute(query, params, **words)

    async with Warehouse(found.url, size=2, cursor_factory=Slow) as warehouse:
        profile = await making.made(warehouse, found.link, now=NOW)

    entities = {one.entity: one for one in profile.entities}
    assert entities["deals"].sampled
    assert 0 < entities["deals"].looked_at < 60
    assert [one.kind for one in entities["leads"].doubts] == ["unlooked"]
    assert (entities["leads"].score.record_count, entities["leads"].looked_at) == (150, 0)
    assert entities["contacts"].score == found.entity("contacts").score


async def test_a_connection_without_records_is_empty_and_one_without_leads_simple(
    database: Any,
) -> None:
    with database.as_admin() as admin:
        _, bare = link_of(admin, "bare", {})
        tables, simple = link_of(admin, "simple", {"mode": "simple"})
        tables.put("deals", *[
            {"external_id": str(at), "value": 5, "currency": "RUB", "contact_id": "1", "stage": "NEW",
             "created_at": f"2026-10-{at % 28 + 1:02}T00:00:00Z"}
            for at in range(1, 61)
        ])  # fmt: skip
    async with Warehouse(database.url(), size=2) as warehouse:
        nothing = await making.made(warehouse, bare, now=NOW)
        something = await making.made(warehouse, simple, now=NOW)

    assert (nothing.mode, nothing.recommendation, nothing.records) == ("simple", "empty", 0)
    assert not any(one.suggested for one in nothing.categories)
    assert not any(one.doubts for one in nothing.entities)
    assert (something.mode, something.recommendation) == ("simple", "good")
