"""Rights to data by the API: erasing a person, taking everything along, having all of it deleted, who looked."""

import io
import json
import zipfile

import pytest

from headwater.access.audit import accesses
from headwater.wiring.rights import rights_done

MAIL = "anna.karenina@example.com"
PERSON = """
    insert into crm_contacts (tenant_id, connection_id, external_id, crm_source, name, email, began, version, synced_at)
    values (%(tenant)s, %(link)s, '7', 'bitrix24', 'Анна Каренина', %(mail)s, 1, 'x', now())
"""


@pytest.fixture
async def person(api):
    """The same person is known to two companies."""
    for one in (api.ours, api.theirs):
        await one.rows(PERSON, link=one.link.id, mail=MAIL)


async def worked(api) -> None:
    """What waits is done, as a worker does it."""
    house = api.house
    await rights_done(house)


async def test_a_person_is_counted_then_erased_and_the_certificate_can_be_read(api, person):
    counting = await api.post("/api/v1/erasures", json={"emails": [MAIL.upper()]})
    async with api.house.warehouse.connection() as conn:
        row = await (await conn.execute("select due_at from headwater.jobs where kind = 'rights'")).fetchone()
    await worked(api)
    counted = (await api.get(counting.headers["location"])).json()
    erasing = await api.post("/api/v1/erasures", json={"contacts": ["7"], "dry_run": False})
    await worked(api)
    erased = (await api.get(erasing.headers["location"])).json()
    listed = (await api.get("/api/v1/erasures")).json()["erasures"]

    assert (counting.status_code, counting.json()["status"]) == (202, "waiting")
    assert row is not None
    assert (counted["status"], counted["found"]["records"]) == ("found", [f"{api.ours.link.slug}:contacts:7"])
    assert erased["status"] == "erased", erased
    assert erased["emptied"]["public.crm_contacts"] == 1
    assert erased["certificate"]["left"] == []
    assert MAIL not in json.dumps(erased)
    assert [one["id"] for one in listed] == [erased["id"], counted["id"]]
    assert await api.ours.rows("select name, email from crm_contacts") == [{"name": None, "email": None}]
    assert await api.theirs.rows("select email from crm_contacts") == [{"email": MAIL}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"emails": []}, 422),
        ({"emails": ["nobody"]}, 422),
        ({"emails": "a@b.test"}, 422),
        ({"emails": ["a@b.test"] * 101}, 422),
        ({"phones": ["x" * 400]}, 422),
        ({"phones": ["12"]}, 422),
        ({"contacts": ["nowhere:7"]}, 422),
        ({"contacts": [7]}, 422),
        ({"contacts": ["7\x00"]}, 422),
        ({"leads": ["\ud800"]}, 422),
        ({"emails": ["a@b.test"], "dry_run": "no"}, 422),
        ({"emails": ["a@b.test"], "colour": 1}, 422),
    ],
)
async def test_a_wish_that_is_not_understood_is_refused(api, body, status):
    content = json.dumps(body)  # as it is written: half a character is an escape
    headers = {"content-type": "application/json"}
    answer = await api.post("/api/v1/erasures", content=content, headers=headers)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_only_administrators_of_the_company_may_any_of_it(api, person):
    wish = (await api.post("/api/v1/erasures", json={"emails": [MAIL]})).json()
    asked = [
        ("GET", "/api/v1/export", None), ("GET", "/api/v1/access-log", None), ("GET", "/api/v1/erasures", None),
        ("GET", f"/api/v1/erasures/{wish['id']}", None), ("POST", "/api/v1/erasures", {"emails": [MAIL]}),
        ("POST", "/api/data/delete-all", {"confirm": "ours"}),
    ]  # fmt: skip

    for method, path, body in asked:
        assert (await api.ask(method, path, "sync", json=body)).status_code == 403, path
        assert (await api.ask(method, path, None, json=body)).status_code == 401, path
    assert (await api.get(f"/api/v1/erasures/{wish['id']}", "theirs")).status_code == 404
    assert (await api.get("/api/v1/erasures", "theirs")).json() == {"erasures": []}
    assert (await api.get("/api/v1/erasures/99999")).status_code == 404


async def test_everything_comes_as_one_archive(api, person):
    answer = await api.get("/api/v1/export")

    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="ours.zip"'
    assert json.loads(packed.read("public.crm_contacts.ndjson"))["email"] == MAIL
    assert json.loads(packed.read("manifest.json"))["tenant"] == "ours"


async def test_who_looked_is_shown_page_by_page(api, person):
    for _ in range(3):
        await api.get("/api/v1/export")
    await api.post("/api/v1/erasures", json={"emails": [MAIL]})

    first = (await api.get("/api/v1/access-log", params={"limit": 2})).json()
    second = (await api.get("/api/v1/access-log", params={"limit": 2, "before": first["next"]})).json()
    exports = (await api.get("/api/v1/access-log", params={"action": "export", "by": "admin"})).json()

    assert [one["action"] for one in first["accesses"] + second["accesses"]] == ["search"] + ["export"] * 3
    assert first["accesses"][0] | {"id": 0, "created_at": ""} == {
        "id": 0, "accessed_by": "admin", "action": "search", "entity": "people", "record_count": 1,
        "created_at": "",
    }  # fmt: skip
    assert len(exports["accesses"]) == 3
    assert exports["next"] is None
    assert (await api.get("/api/v1/access-log", "theirs")).json()["accesses"] == []
    for wrong in ({"action": "dance"}, {"by": "a\x00"}, {"limit": 0}):
        assert (await api.get("/api/v1/access-log", params=wrong)).status_code == 422, wrong


async def test_all_of_it_is_deleted_by_who_types_its_name(api, person):
    refused = await api.post("/api/data/delete-all", json={"confirm": "theirs"})
    assert await api.ours.rows("select count(*) from crm_contacts") == [{"count": 1}]

    answer = await api.post("/api/data/delete-all", json={"confirm": "ours"})
    after = await api.get("/api/v1/sync/status")
    log = await accesses(api.house.warehouse, api.ours.tenant.id, limit=1)
    await worked(api)

    assert (refused.status_code, answer.status_code, after.status_code) == (422, 202, 401)
    assert answer.json()["tenant"] == "ours"
    assert [one.action for one in log] == ["delete"]
    assert await api.ours.rows("select count(*) from crm_contacts") == [{"count": 0}]
    assert [one.slug for one in await api.house.tenants()] == ["theirs"]
    assert await api.theirs.rows("select email from crm_contacts") == [{"email": MAIL}]
    assert (await api.get("/api/v1/sync/status", "theirs")).status_code == 200
