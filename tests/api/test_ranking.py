"""Managers compared fairly, as programs ask for it."""

DEAL = """
    insert into crm_deals (tenant_id, connection_id, external_id, crm_source, assigned_to, won, closed_at, began, version,
                           synced_at)
    select %(tenant)s, %(link)s, %(name)s || n, 'bitrix24', %(name)s, n %% 2 = 0,
           timestamptz '2026-06-01' + n * interval '1 day', 1, 'x', now()
      from generate_series(1, 40) as n
"""


async def test_managers_of_ones_own_company_by_what_they_closed_in_a_period(api):
    for one, name in ((api.ours, "ours"), (api.theirs, "theirs")):
        await one.rows(DEAL, link=one.link.id, name=name)

    whole = await api.get("/api/v1/managers/ranking", "read")
    part = await api.get(
        "/api/v1/managers/ranking?since=2026-06-03T00:00:00Z&until=2026-06-05T00:00:00%2B00:00"
    )
    log = await api.get("/api/v1/access-log")

    [manager] = whole.json()["managers"]
    assert (manager["assigned_to"], manager["closed"], manager["won"]) == ("ours", 40, 20)
    assert (manager["standing"], float(manager["ratio"]), manager["place"]) == ("as_expected", 1, 1)
    assert set(whole.json()["notes"]) == {"easier_mix", "leaves_open", "leaves_untouched"}
    assert [one["closed"] for one in part.json()["managers"]] == [2]
    assert {(one["action"], one["entity"]) for one in log.json()["accesses"]} == {("list", "managers")}


async def test_what_cannot_be_meant_is_refused_with_its_name(api):
    for asked, status in (
        ("since=2026-06-01T00:00:00", 422),
        ("until=soon", 422),
        ("connection=nowhere", 404),
    ):
        answer = await api.get(f"/api/v1/managers/ranking?{asked}")

        assert answer.status_code == status
        assert asked.partition("=")[0] in answer.text or "nowhere" in answer.text
