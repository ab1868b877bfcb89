import ssl

import httpx2
import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, served
from headwater.sandbox.control import Control


async def test_the_truth_is_every_deal_with_all_its_fields(door, portal):
    async with door() as (control, _):
        told = [deal async for deal in control.truth()]

    assert told == list(portal.truth())
    assert len(told) == 160


async def test_statistics_count_requests_and_refusals(door):
    async with door() as (control, client):
        for _ in range(52):
            await client.post("profile")
        await control.limits(on=False)
        await client.post("batch", json={"cmd": ["crm.deal.list"]})
        stats = await control.stats()

    assert (stats["requests"], stats["refused_503"], stats["refused_429"]) == (53, 2, 0)
    assert stats["by_method"] == {"profile": 52, "batch": 1}
    assert stats["commands"] == {"crm.deal.list": 1}


async def test_faults_are_added_and_cleared(door):
    async with door() as (control, client):
        await control.add_fault("html", status=504, count=None)
        broken = await client.get("profile")
        await control.clear_faults()

        assert (await control.stats())["faults_struck"] == {"html": 1}
        assert broken.status_code == 504
        assert (await client.get("profile")).status_code == 200


async def test_a_dropped_connection_is_the_clients_own_error(door):
    async with door() as (control, client):
        await control.add_fault("drop")

        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("profile")


async def test_records_are_changed_and_deleted_without_anybody_noticing(door):
    async with door() as (control, client):
        before = (await client.get("crm.deal.get?id=3")).json()["result"]
        await control.change(3, {"TITLE": "behind the scenes"}, touch=False)
        after = (await client.get("crm.deal.get?id=3")).json()["result"]

        assert after == before | {"TITLE": "behind the scenes"}
        assert await control.delete([3, 999_999]) == 1
        assert (await client.get("crm.deal.get?id=3")).status_code == 400


async def test_time_moves_by_hand(door):
    async with door() as (control, _):
        assert await control.advance(90) == "2026-11-20T12:01:30+03:00"
        assert await control.skew(-30) == "2026-11-20T12:01:00+03:00"


async def test_the_company_works_on_demand(door, portal):
    async with door() as (control, _):
        ids = await control.work(5)

    assert len(ids) == 5
    assert all(portal.get(number)["DATE_MODIFY"] == "2026-11-20T12:00:00+03:00" for number in ids)


async def test_the_portal_closes_and_opens(door):
    async with door() as (control, client):
        await control.set_state("moved", moved_to="new.host")
        moved = await client.get("profile", follow_redirects=False)
        await control.set_state("open")

        assert (moved.status_code, moved.headers["location"]) == (302, "http://new.host/rest/1/admin/profile")
        assert (await control.state())["state"] == "open"


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_nobody_enters_without_the_token(door, token):
    async with door(token) as (control, _):
        with pytest.raises(NeedsPerson, match="401"):
            await control.stats()


async def test_what_is_wrong_is_said(door):
    async with door() as (control, _):
        with pytest.raises(NeedsPerson, match="probability lies between 0 and 1"):
            await control.add_fault("cut", probability=7)
        with pytest.raises(NeedsPerson, match="NOPE"):
            await control.change(3, {"NOPE": 1})


async def test_form_query_and_multipart_requests_are_understood(door):
    wanted = {"filter[<=ID]": "9", "order[ID]": "ASC", "select[0]": "ID"}
    async with door() as (_, client):
        answers = [
            await client.get("crm.deal.list.json", params=wanted),
            await client.post("crm.deal.list", data=wanted),
            await client.post("crm.deal.list", files={key: (None, value) for key, value in wanted.items()}),
            await client.post(
                "crm.deal.list?select[]=ID", json={"filter": {"<=ID": 9}, "order": {"ID": "ASC"}}
            ),
        ]

    assert len({str(answer.json()["result"]) for answer in answers}) == 1
    assert all(int(row["ID"]) <= 9 for row in answers[0].json()["result"])


async def test_a_live_server_cuts_connections_and_speaks_tls(portal, tmp_path):
    portal.limits.rules.on = False
    options = Options(tls=True, ca_file=tmp_path / "ca.pem", control_token="secret")
    async with served(portal, options) as address:
        trust = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        async with (
            httpx2.AsyncClient(verify=trust) as client,
            Control(address.root, "secret", verify=trust) as control,
        ):
            await control.add_fault("drop_after", method="crm.deal.add")
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.post(
                    address.webhook + "crm.deal.add", json={"fields": {"TITLE": "done all the same"}}
                )
            found = await client.post(
                address.webhook + "crm.deal.list", json={"filter": {"TITLE": "done all the same"}}
            )
            portal.limits.rules.on = True
            portal.strict_https = True

            assert address.webhook.startswith("https://localhost:")
            assert found.json()["total"] == 1
            assert (await client.get(address.webhook + "profile")).status_code == 200
