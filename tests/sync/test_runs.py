"""What an answer brings, sorted out: rows, and what cannot become rows."""

from headwater.core.model import Field, Kind
from headwater.sync.runs import TURN, sort, sort_in_turns
from headwater.testing.sample import FIELDS, NOW, SPEC, decoder, id_of
from headwater.warehouse.columns import plan
from headwater.warehouse.shape import Shape

COLUMNS = plan([], FIELDS, key="ID", key_column="bitrix_id", now=NOW).columns
SHAPE = Shape(
    source="bitrix24", key_column="bitrix_id", spec=SPEC, schema="bitrix24", fields=FIELDS,
    columns=COLUMNS, decode={one.name: decoder(one) for one in FIELDS}, id_of=id_of,
)  # fmt: skip
RECORDS = [
    *({"ID": str(number), "TITLE": f"deal {number}"} for number in range(1, 3 * TURN)),
    {"TITLE": "nobody"},
    {"ID": "7", "TITLE": "another seven"},
]


async def test_in_turns_the_same_is_found():
    at_once, in_turns = sort(SHAPE, RECORDS), await sort_in_turns(SHAPE, RECORDS)

    assert in_turns.made == at_once.made
    assert in_turns.failures == at_once.failures


def test_an_id_that_comes_twice_is_stored_once_and_told():
    found = sort(SHAPE, RECORDS)

    ids = [one.id for one in found.made]
    assert sorted(ids, key=int) == [str(number) for number in range(1, 3 * TURN)]
    assert [one.record["TITLE"] for one in found.made if one.id == "7"] == ["another seven"]
    assert [one.external_id for one in found.failures] == [None, "7"]


def test_a_record_nested_too_deeply_is_told_and_the_rest_is_kept():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    shape = Shape(
        source="bitrix24", key_column="bitrix_id", spec=SPEC, schema="bitrix24", fields=[Field("ID", Kind.TEXT)],
        columns=[], decode={"ID": decoder(Field("ID", Kind.TEXT))}, id_of=id_of,
    )  # fmt: skip

    found = sort(shape, [{"ID": "1", "X": deep}, {"ID": "2"}])

    assert [one.id for one in found.made] == ["2"]
    assert [one.reason for one in found.failures] == ["the record is nested too deeply"]
