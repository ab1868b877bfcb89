"""The failed queue is read in pages, over all connections of the tenant."""

INSERT = """
    insert into headwater.failed (tenant_id, connection_id, entity, key, external_id, reason, run_id, last_at)
    select %s, %s, 'deals', n::text, n::text, 'bad', 1, '2026-11-01T00:00:00Z'::timestamptz + (n / 2) * interval '1 hour'
      from generate_series(1, 5) as n
"""


async def test_every_entry_comes_once_newest_first(api, newest_database):
    with newest_database.as_admin() as admin:
        for one in (api.ours, api.theirs):
            admin.execute(INSERT, [one.tenant.id, one.link.id])
    found, after = [], ""
    while True:
        page = (await api.get(f"/api/v1/failed?limit=2{after}")).json()
        found += page["failed"]
        if not page["more"]:
            break
        after = f"&after={page['next']}"

    assert [one["external_id"] for one in found] == ["5", "4", "3", "2", "1"]
    assert {one["connection"] for one in found} == {api.ours.link.slug}
    assert (await api.get("/api/v1/failed?after=nonsense")).status_code == 422
