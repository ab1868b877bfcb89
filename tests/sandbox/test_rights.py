import pytest

from headwater.core.errors import NeedsPerson

HIDDEN = {"ASSIGNED_BY_ID": "9999", "OPENED": "N"}


def ids_of(tell):
    return {
        row["ID"] for start in range(0, 200, 50) for row in tell("crm.deal.list", {"start": start})["result"]
    }


def test_a_lost_right_hides_deals_and_a_restored_one_brings_them_back(tell, portal):
    portal.change(3, HIDDEN)
    portal.set_rights(admin=False)
    less = ids_of(tell)
    about = (tell("profile")["result"]["ADMIN"], tell("user.admin")["result"])
    portal.set_rights(admin=True)

    assert "3" not in less
    assert len(less) < 160
    assert about == (False, False)
    assert len(ids_of(tell)) == 160
    assert (tell("profile")["result"]["ADMIN"], tell("user.admin")["result"]) == (True, True)


def test_hidden_and_deleted_are_told_apart_also_in_a_batch(ask, tell, portal):
    portal.change(3, HIDDEN)
    portal.set_rights(admin=False)
    hidden, deleted = ask("crm.deal.get", {"id": 3}), ask("crm.deal.get", {"id": 999_999})
    batch = tell("batch", {"cmd": {"h": "crm.deal.get?id=3", "d": "crm.deal.get?id=999999"}})["result"]

    denied = {"error": "", "error_description": "Access denied."}
    missing = {"error": "", "error_description": "Not found"}
    assert (hidden.status, hidden.body) == (400, b'{"error":"","error_description":"Access denied."}')
    assert (deleted.status, deleted.body) == (400, b'{"error":"","error_description":"Not found"}')
    assert batch["result_error"] == {"h": denied, "d": missing}


def test_a_role_may_show_only_ones_own(tell, portal):
    portal.set_rights(admin=False, sees="own")

    mine = {deal["ID"] for deal in portal.truth() if deal["ASSIGNED_BY_ID"] == "1"}
    assert ids_of(tell) == mine
    others = next(deal["ID"] for deal in portal.truth() if deal["ID"] not in mine)
    assert tell("crm.deal.get", {"id": others})["error_description"] == "Access denied."


def test_without_the_crm_scope_nothing_of_the_crm_is_left(ask, tell, portal):
    portal.set_rights(scopes=["user"])
    batch = tell("batch", {"cmd": ["crm.deal.list", "user.current"]})["result"]

    assert ask("crm.deal.list").status == 403
    assert tell("scope")["result"] == ["user"]
    assert batch["result_error"][0]["error"] == "insufficient_scope"
    portal.set_rights(scopes=["user", "crm"])
    assert ask("crm.deal.list").status == 200


def test_a_dismissed_person_has_no_access(ask, portal):
    portal.set_rights(active=False)

    assert ask("profile").status == 401


def test_an_expired_webhook_is_refused_until_it_is_renewed(ask, portal):
    portal.expire()
    gone, others = ask("crm.deal.list"), ask("crm.deal.list", code="seller")
    portal.renew()

    assert (gone.status, gone.body) == (
        401,
        b'{"error":"expired_token","error_description":"The access token provided has expired."}',
    )
    assert others.status == ask("crm.deal.list").status == 200


def test_what_is_no_right_is_refused(portal):
    with pytest.raises(ValueError, match="open or own"):
        portal.set_rights(sees="all")
    with pytest.raises(KeyError, match="no webhook nobody"):
        portal.expire("nobody")


async def test_the_control_door_changes_rights(door):
    async with door() as (control, client):
        left = await control.set_rights(admin=False, scopes=["crm"])
        await control.expire()
        refused = await client.get("profile")
        await control.renew()
        with pytest.raises(NeedsPerson, match="rights"):
            await control.set_rights(king=True)

        assert left == {
            "admin": False,
            "sees": "open",
            "active": True,
            "scopes": ["crm"],
            "expired": False,
        }
        assert refused.status_code == 401
        assert (await client.get("profile")).json()["result"]["ADMIN"] is False
