"""What no portal should send: the rest is stored, every oddity is told, and nothing breaks."""

from decimal import Decimal

import pytest

from headwater.sandbox.bitrix24 import Fault, Kind


async def stored(database, columns: str, record: int) -> tuple:
    """The columns of one deal's typed row."""
    query = f"select {columns} from bitrix24.crm_deals where bitrix_id = %s"
    with database.as_admin() as admin:
        return admin.execute(query, [str(record)]).fetchone()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPPORTUNITY", "много"),
        ("OPPORTUNITY", "NaN"),
        ("CLOSEDATE", "0000-00-00T00:00:00+03:00"),
        ("CLOSEDATE", "20245-01-01T00:00:00+03:00"),
        ("TITLE", "a\0b"),
    ],
    ids=["no number", "NaN", "year 0", "year 20245", "NUL"],
)
async def test_a_value_that_does_not_fit_is_kept_and_told(connected, given, headwater, name, value):
    record = next(connected.portal.truth())["ID"]
    connected.spoil(int(record), **{name: value})

    synced = await headwater("sync")
    status = await headwater("status")
    standing = (await headwater("status", "--json")).deals

    assert synced.code == 0
    assert standing["stored"] == 60
    assert standing["notes"][name]["count"] == 1
    assert standing["notes"][name]["example"] == record
    assert f"{name}: 1 values kept in _raw" in synced.words
    assert f"bitrix24.deals.{name}: 1 values kept in _raw" in status.words
    assert (await stored(given, f"_raw ? '{name}'", int(record)))[0]


async def test_a_comment_of_five_megabytes_arrives_whole(connected, given, headwater):
    record = int(next(connected.portal.truth())["ID"])
    connected.spoil(record, COMMENTS="ы" * 2_500_000)

    said = await headwater("sync", "--json")

    assert (said.code, said.deals["created"]) == (0, 60)
    assert await stored(given, "length(comments)", record) == (2_500_000,)


async def test_broken_bytes_stay_inside_their_value(connected, headwater):
    connected.portal.add_fault(Fault(Kind.BAD_UTF8, "crm.deal.list", key="s*p*", field="TITLE"))

    synced = await headwater("sync")
    standing = (await headwater("status", "--json")).deals

    assert synced.code == 0
    assert standing["stored"] == 60
    assert standing["notes"]["TITLE"]["count"] == 1


async def test_a_record_that_comes_twice_is_stored_once(connected, headwater):
    connected.portal.add_fault(Fault(Kind.DUPLICATE_ROW, "crm.deal.list", key="s*p*"))

    said = await headwater("sync", "--json")

    standing = (await headwater("status", "--json")).deals
    assert said.code == 0
    assert said.deals["created"] == standing["stored"] == 60


async def test_everything_at_once_still_lets_the_rest_arrive(connected, given, headwater):
    ids = [int(record["ID"]) for record in connected.portal.truth()]
    connected.spoil(ids[0], OPPORTUNITY="1e999999")
    connected.spoil(ids[1], TITLE="\0", CLOSEDATE="0000-00-00")
    connected.spoil(ids[2], COMMENTS="x" * 5_000_000)
    connected.spoil(ids[3], BEGINDATE="20245-05-05", OPPORTUNITY="12345678901234567.25")
    connected.portal.add_fault(Fault(Kind.NO_ID, "crm.deal.list", key="s*p*"))

    said = await headwater("sync", "--json")
    standing = (await headwater("status", "--json")).deals

    assert said.code == 6
    assert (standing["stored"], standing["failed"]) == (59, 1)
    assert {"TITLE", "CLOSEDATE", "BEGINDATE"} <= set(standing["notes"])
    assert await stored(given, "opportunity", ids[3]) == (Decimal("12345678901234567.25"),)
