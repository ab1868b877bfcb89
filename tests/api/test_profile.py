"""What the data is like, over HTTP."""

from datetime import UTC, datetime
from typing import Any

import pytest

from headwater.access import keys

DEALS = [
    {"ID": str(number), "TITLE": f"private {number}", "STAGE": "NEW", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}
    for number in range(1, 61)
]  # fmt: skip


@pytest.fixture
async def company(api: Any) -> Any:
    await api.ours.store(*DEALS, began=1)
    await api.theirs.store({**DEALS[0], "TITLE": "theirs"}, began=1)
    return api


async def test_there_is_none_until_it_is_made(company: Any) -> None:
    before = await company.get("/api/v1/profile", "read")
    made = await company.post("/api/v1/profile/refresh", "sync")
    after = await company.get("/api/v1/profile", "read")

    assert (before.status_code, before.json()) == (200, {"profiles": []})
    assert made.status_code == after.status_code == 200
    assert made.json() == after.json()
    [profile] = after.json()["profiles"]
    assert profile["connection"] == company.ours.link.slug
    deals = next(one for one in profile["entities"] if one["entity"] == "deals")
    assert (deals["record_count"], deals["recommendation"], deals["looked_at"]) == (60, "insufficient", 60)
    assert {"says", "mend", "severity", "kind"} <= deals["doubts"][0].keys()
    assert deals["doubts"][0]["says"].keys() == deals["doubts"][0]["mend"].keys() == {"en", "ru"}
    assert "fields" not in deals


async def test_one_entity_has_its_fields_in_singular_and_plural(company: Any) -> None:
    await company.post("/api/v1/profile/refresh", "sync")
    answer = await company.get("/api/v1/profile/deal", "read")

    assert answer.json() == (await company.get("/api/v1/profile/deals", "read")).json()
    assert answer.json()["entity"] == "deals"
    [entity] = answer.json()["profiles"][0]["entities"]
    fields = {one["name"]: one for one in entity["fields"]}
    assert (fields["title"]["filled"], fields["title"]["open"], fields["title"]["values"]) == (60, False, [])
    assert fields["stage"]["label"] == ["Stage id", "Код стадии"]
    assert "private" not in answer.text


async def test_what_is_not_there_is_missed(company: Any) -> None:
    entity = await company.get("/api/v1/profile/invoices")
    connection = await company.get("/api/v1/profile?connection=nowhere")

    assert (entity.status_code, connection.status_code) == (404, 404)
    assert "leads, deals, contacts" in entity.json()["detail"]


async def test_only_who_may_sync_looks_anew_and_nobody_who_sees_only_his_own(company: Any) -> None:
    secret = await keys.add(
        company.house.warehouse, company.ours.tenant.id, "own", ["read"],
        now=datetime.now(UTC), own={company.ours.link.id: ["5"]},
    )  # fmt: skip

    assert (await company.post("/api/v1/profile/refresh", "read")).status_code == 403
    assert (await company.get("/api/v1/profile", secret)).status_code == 403


async def test_another_company_has_its_own(company: Any) -> None:
    await company.post("/api/v1/profile/refresh", "theirs")
    ours = await company.get("/api/v1/profile")
    theirs = await company.get("/api/v1/profile", "theirs")

    assert ours.json() == {"profiles": []}
    [profile] = theirs.json()["profiles"]
    assert (profile["connection"], profile["records"]) == (company.theirs.link.slug, 1)
