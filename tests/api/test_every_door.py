"""Every door of the API, with every kind of caller: what one may not is refused, and no tenant learns of another.

Doors are those that the application has: a new one is tried without a line here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice, product
from typing import Any

import jwt
import pytest
from fastapi.routing import iter_route_contexts

from headwater.access import keys, people, sessions
from headwater.access.tokens import Issuers

THEIRS = "mark-of-the-other-tenant"
OTHERS = "mark-of-another-person"
OPEN = {
    ("GET", "/health"), ("GET", "/health/live"), ("GET", "/health/ready"), ("POST", "/api/v1/session"),
    ("POST", "/api/v1/invitations/{code}"),
}  # fmt: skip
"""What needs no key. Each was read with care."""

FOR_ALL = {
    ("GET", "/api/v1/me"), ("DELETE", "/api/v1/session"), ("GET", "/api/v1/me/sessions"),
    ("DELETE", "/api/v1/me/sessions"), ("POST", "/api/v1/me/password"), ("GET", "/api/v1/figures"),
    ("GET", "/api/v1/figures/settings"), ("POST", "/api/v1/charts"), ("POST", "/api/v1/kpis"),
}  # fmt: skip
OF_RECORDS = "/api/v1/records", "/api/v1/exports/", "/api/v1/search"
"""What lets in also who sees only his own records: what is about himself, records, figures of them. Nothing else."""

SAFE = ("GET", "HEAD")
NEEDS = {
    "_administers": "admin", "_syncs": "sync", "_reads": "whole", "scraper": "whole", "_somebody": "person",
    "_visits": "person", "_looks": "read",
}  # fmt: skip
"""What a dependency asks for, the strictest first."""

WORDS = {"entity": ["deals"], "id": ["2", "1"], "kind": ["activities"], "code": ["hi_1"]}
"""What stands in paths, by its name; another name is tried with all of it."""

BODIES = {
    "/api/v1/connections": {"source": "bitrix24", "url": "https://127.0.0.1/rest/1/s3cr3t/"},
    "/api/v1/charts": [
        {"data_source": "deals", "x_field": "employee", "chart_type": "table"},
        {"metric": "total_deals", "crm_source": "bitrix24_theirs"},
    ],
    "/api/v1/webhooks/register": {"public_url": "https://crm.example.com", "connection": "no other"},
    "/api/v1/webhooks/replay": {"since": "2026-11-26T00:00:00Z", "until": "2026-11-26T01:00:00Z"},
}  # fmt: skip
"""Where the example would ask a portal, or there is none."""

SECRET = "a secret of a project that is long enough"
DEAL = {"ID": "1", "TITLE": "mine", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Door:
    """One method of one path: what its caller must be allowed, and what may be put into it."""

    method: str
    path: str
    needs: str | None
    about: dict[str, Any]

    def calls(self, ids: list[int], slug: str, schemas: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Paths and bodies that aim at what is somebody else's."""
        named = {
            one["name"]: one["schema"] for one in self.about.get("parameters", []) if one["in"] == "path"
        }
        known = {"connection": [slug]} | WORDS
        every = [word for words in known.values() for word in words]
        filling = [
            ids if schema.get("type") == "integer" else known.get(name, every)
            for name, schema in named.items()
        ]
        asked = {one["name"] for one in self.about.get("parameters", []) if one["in"] == "query"}
        for words in product(*filling):
            path = self.path.format(**dict(zip(named, words, strict=True)))
            for body in self._bodies(slug, schemas):
                yield path, body
                if asked & {"connection", "filters"}:
                    yield f"{path}?connection={slug}", body

    def _bodies(self, slug: str, schemas: dict[str, Any]) -> list[Any]:
        content = self.about.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return [None]
        said = content["schema"]
        reference = said.get("$ref") or next(
            (one["$ref"] for one in said.get("anyOf", []) if "$ref" in one), "/"
        )
        schema = schemas.get(reference.rpartition("/")[2], {})
        examples = [BODIES[self.path]] if self.path in BODIES else schema.get("examples") or [{}]
        aimed = [
            one | {"connection": slug} for one in examples if "connection" in schema.get("properties", {})
        ]
        return [*examples, *aimed]


def doors(application: Any) -> list[Door]:
    """Every door that the schema tells of, those that change nothing first."""
    schema = application.openapi()
    found = []
    for route in iter_route_contexts(application.routes):
        if not getattr(route, "include_in_schema", False) or getattr(route, "dependant", None) is None:
            continue
        names = set(_dependencies(route.dependant))
        needs = next((scope for name, scope in NEEDS.items() if name in names), None)
        for method in sorted(route.methods):
            about = schema["paths"][route.path][method.lower()]
            found.append(Door(method, route.path, needs, about))
    return sorted(found, key=lambda one: (one.method not in SAFE, one.path, one.method))


def _dependencies(dependant: Any) -> Iterator[str]:
    for one in dependant.dependencies:
        yield one.call.__name__
        yield from _dependencies(one)


@dataclass(frozen=True)
class Known:
    """Somebody who calls; `person` has a session that one of the doors may end."""

    name: str
    secret: str
    scopes: frozenset[str]
    own: bool
    person: int | None = None

    async def inside(self, api: Any) -> "Known":
        """The same, inside again if he is not any more."""
        if self.person is None or await sessions.looking(api.house.warehouse, self.secret, now=NOW):
            return self
        secret = await sessions.of_person(api.house.warehouse, api.ours.tenant.id, self.person, now=NOW)
        return replace(self, secret=secret)

    def may(self, needs: str | None) -> bool:
        if needs in (None, "read"):
            return True
        if needs == "person":
            return self.person is not None
        return not self.own and needs in {"whole", *self.scopes}


async def somebody(api: Any, name: str) -> Known:
    """A caller of the tenant "ours"."""
    tenant, link, warehouse = api.ours.tenant, api.ours.link, api.house.warehouse
    own = {link.id: ["5"]}
    if name.startswith("key"):
        scopes = ["read"] if name == "key of a person" else [name.rpartition(" ")[2]]
        mine = own if name == "key of a person" else None
        secret = await keys.add(warehouse, tenant.id, name, scopes, now=NOW, own=mine)
        return Known(name, secret, frozenset(keys.whole(scopes)), mine is not None)
    role = name.rpartition(" ")[2]
    scopes = {"owner": "admin", "analyst": "sync"}.get(role, "read")
    allowed = frozenset(keys.whole([scopes]))
    if name.startswith("token"):
        granted = {"tenant_id": str(tenant.id), "role": role, "people": {str(link.id): ["5"]}}
        claims = {
            "aud": "authenticated",
            "sub": "u",
            "exp": int(NOW.timestamp()) + 86_400,
            "app_metadata": granted,
        }
        return Known(name, jwt.encode(claims, SECRET, "HS256"), allowed, role == "manager")
    person, _ = await people.invited(
        warehouse,
        tenant.id,
        f"{role}@example.com",
        role=role,
        own=own if role == "manager" else None,
        now=NOW,
    )
    secret = await sessions.of_person(warehouse, tenant.id, person.id, now=NOW)
    return Known(name, secret, allowed, role == "manager", person.id)


@pytest.fixture
async def marked(api: Any, newest_database: Any) -> list[int]:
    """The other tenant is full of marks, and so are another person's records of ours; the numbers of all that
    the other tenant has."""
    warehouse, theirs = api.house.warehouse, api.theirs
    await theirs.store({**DEAL, "TITLE": THEIRS}, {**DEAL, "ID": "2"}, began=1)
    await theirs.store({**DEAL, "TITLE": f"{THEIRS} again"}, began=2)
    await theirs.vanish("2", began=3)
    await api.ours.store(DEAL, {**DEAL, "ID": "2", "TITLE": OTHERS, "OWNER": "6"}, began=1)
    await people.invited(
        warehouse, theirs.tenant.id, f"{THEIRS}@example.com", role="owner", name=THEIRS, now=NOW
    )
    await keys.add(warehouse, theirs.tenant.id, THEIRS, ["admin"], now=NOW)
    await api.post("/api/v1/sync/start/all", "theirs")
    tenant, link = theirs.tenant.id, theirs.link.id
    with newest_database.as_admin() as admin:
        admin.execute("update headwater.tenants set title = %s where id = %s", [THEIRS, tenant])
        admin.execute(
            "update headwater.connections set title = %s, portal = %s where id = %s", [THEIRS, THEIRS, link]
        )
        admin.execute(
            "insert into headwater.failed (tenant_id, connection_id, entity, external_id, key, reason, raw, run_id) "
            "values (%s, %s, 'deals', '7', '7', %s, %s, 1)",
            [tenant, link, THEIRS, f'{{"TITLE": "{THEIRS}"}}'],
        )
        admin.execute(
            "update headwater.sync_state set error_message = %s where tenant_id = %s", [THEIRS, tenant]
        )
        admin.execute(
            "update headwater.sync_logs set error_message = %s where tenant_id = %s", [THEIRS, tenant]
        )
        tables = [
            name
            for (name,) in admin.execute(
                "select table_name from information_schema.columns where table_schema = 'headwater' "
                "and column_name = 'id' and data_type = 'bigint' and exists (select from information_schema.columns "
                "as c where c.table_schema = 'headwater' and c.table_name = columns.table_name "
                "and c.column_name = 'tenant_id')"
            ).fetchall()
        ]
        ids = {
            number
            for table in tables
            for (number,) in admin.execute(
                f"select max(id) from headwater.{table} where tenant_id = %s", [tenant]
            ).fetchall()
            if number is not None
        }
    assert len(newest_database.holding(THEIRS)) >= 10
    return sorted(ids)


AIMING = "owner", "manager"
"""Whoever sees all of his tenant, and who sees only what is his: they try everything there is of others."""

CALLERS = [
    *AIMING, "analyst", "viewer", "key admin", "key sync", "key read", "key of a person", "token owner",
    "token manager",
]  # fmt: skip
"""The others differ in how they came and in what they may, and try every door once."""


@pytest.mark.parametrize("name", CALLERS)
async def test_nobody_gets_through_a_door_that_is_not_his_nor_sees_what_is_not_his(api, marked, name):
    api.application.state.house = replace(api.house, issuers=Issuers(supabase_secret=SECRET))
    api.application.state.streams.closing.set()  # streams end after their first look
    who = await somebody(api, name)
    schemas = api.application.openapi()["components"]["schemas"]
    assert (await api.get("/api/v1/me", who.secret)).json()["scopes"] == sorted(who.scopes)
    before, others = await standing(api), 0

    for door in doors(api.application):
        calls = door.calls(marked, api.theirs.link.slug, schemas)
        for path, body in calls if name in AIMING and who.may(door.needs) else islice(calls, 1):
            who = await who.inside(api)
            answer = await api.ask(door.method, path, who.secret, **({} if body is None else {"json": body}))
            said = f"{name}: {door.method} {path} {body} -> {answer.status_code} {answer.text[:300]}"
            others += OTHERS in answer.text

            assert answer.status_code < 500 or answer.status_code == 503, said
            assert THEIRS not in answer.text + str(answer.headers), said
            if not who.may(door.needs):
                assert answer.status_code == 403, said
            elif door.needs:
                assert answer.status_code not in (401, 403) or door.path == "/api/v1/me/password", said
    assert bool(others) != who.own
    assert await standing(api) == before


async def test_a_door_that_asks_for_nothing_stands_on_the_list(api):
    found = doors(api.application)

    assert {(one.method, one.path) for one in found if one.needs is None} == OPEN
    assert len(found) > 35


async def test_whoever_sees_only_his_own_comes_in_only_where_the_list_says(api):
    found = {(one.method, one.path) for one in doors(api.application) if one.needs in ("read", "person")}

    assert {one for one in found if one[0] != "GET" or not one[1].startswith(OF_RECORDS)} == FOR_ALL


async def test_without_a_key_every_other_door_is_shut(api, marked):
    for door in doors(api.application):
        if (door.method, door.path) in OPEN:
            continue
        path = next(door.calls([1], "x", {}))[0]
        answer = await api.ask(
            door.method, path, None, **({} if "requestBody" not in door.about else {"json": {}})
        )

        assert answer.status_code == 401, f"{door.method} {path}: {answer.status_code}"


async def standing(api: Any) -> list[Any]:
    """What the other tenant has that somebody could end, revoke or throw away."""
    tenant, rows = api.theirs.tenant.id, api.theirs.rows
    return [
        [(one.id, one.role, one.disabled_at) for one in await people.listed(api.house.warehouse, tenant)],
        [(one.id, one.revoked_at) for one in await keys.listed(api.house.warehouse, tenant)],
        await rows("select id, tries from headwater.failed where tenant_id = %(tenant)s"),
        await rows(
            "select md5(c::text) as digest from headwater.connections as c where tenant_id = %(tenant)s"
        ),
        await rows("select count(*) from headwater.keys where tenant_id = %(tenant)s and revoked_at is null"),
        await rows("select count(*) from headwater.erasures where tenant_id = %(tenant)s"),
    ]
