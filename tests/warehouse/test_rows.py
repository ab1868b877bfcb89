"""Lines of COPY text: what is looked at once a row must say what looking at each value says."""

import json
import re
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.model import Field, Kind
from headwater.testing.sample import NOW, SPEC, decoder, id_of
from headwater.warehouse.columns import plan
from headwater.warehouse.copytext import cell, clean, clean_json, in_json, is_clean, line, restored
from headwater.warehouse.crm import cents
from headwater.warehouse.rows import make
from headwater.warehouse.shape import Shape

hostile = st.text(st.sampled_from('aя😀\t\n\r\\N\0u0d8\ud800"{}.') | st.characters(codec=None), max_size=12)
texts = hostile.map(clean)
FIELDS = (
    Field("ID", Kind.TEXT),
    Field("TITLE", Kind.TEXT),
    Field("AMOUNT", Kind.NUMBER),
    Field("COUNT", Kind.INTEGER),
    Field("OWNER", Kind.TEXT),
    Field("UF_A", Kind.TEXT, custom=True),
    Field("UF_TAGS", Kind.JSON, custom=True, multiple=True),
)


ESCAPE, MARKS = re.compile(r"\\(.)"), {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def shape(limit: int = 400) -> Shape:
    """A shape without a database; fields beyond `limit` live in `_more`."""
    planned = plan([], FIELDS, key="ID", key_column="bitrix_id", now=NOW, limit=limit)
    return Shape(
        source="bitrix24", key_column="bitrix_id", spec=SPEC, schema="bitrix24", fields=FIELDS,
        columns=planned.columns, decode={one.name: decoder(one) for one in FIELDS}, id_of=id_of,
    )  # fmt: skip


def parsed(row: str) -> list[str | None]:
    """A line of COPY text as PostgreSQL reads it, written from its documentation."""
    return [
        None if one == "\\N" else ESCAPE.sub(lambda found: MARKS[found[1]], one) for one in row.split("\t")
    ]


@given(st.lists(st.none() | texts, min_size=1, max_size=8))
def test_a_line_is_its_cells_one_by_one(cells: list[str | None]):
    assert line(cells) == "\t".join(map(cell, cells))
    assert "\n" not in line(cells)


@given(st.lists(hostile | hostile.map(json.dumps), max_size=6))
def test_texts_that_are_clean_together_are_clean_one_by_one(several: list[str]):
    if is_clean("".join(several)):
        assert all(clean(one) is one for one in several)
        assert all(clean_json(one) is one for one in several if one.startswith('"'))


@given(hostile)
def test_what_postgresql_cannot_hold_is_never_taken_for_clean(text: str):
    assert is_clean(text) <= (clean(text) is text)
    assert is_clean(json.dumps(text)) <= ("\0" not in text and clean(text) is text)


@given(hostile, hostile, hostile, st.integers(), st.lists(hostile, max_size=3), st.sampled_from([0, 2, 400]))
def test_a_hostile_record_lands_whole_or_is_kept_as_it_was(
    title: str, owner: str, custom: str, count: int, tags: list[str], limit: int
):
    record = {"ID": "7", "TITLE": title, "OWNER": owner, "UF_A": custom, "COUNT": count, "ODD": tags}

    made = make(shape(limit), record)

    columns = [one.name for one in shape(limit).cells]
    [id, *cells, more, raw] = parsed(made.typed)
    normal = dict(zip(["id", *SPEC_COLUMNS], parsed(made.normal), strict=True))
    held = dict(zip(columns, cells, strict=True)) | json.loads(more or "{}")
    kept = restored(json.loads(raw or "{}"))
    assert id == normal["id"] == "7"
    for key, column, text in (("TITLE", "title", title), ("OWNER", "owner", owner), ("UF_A", "uf_a", custom)):
        assert held.get(column) == (clean(text) or None)
        assert kept.get(key, text) == text
        assert (key in kept) == (clean(text) is not text)
    assert (normal["title"], normal["assigned_to"]) == (clean(title) or None, clean(owner) or None)
    assert orjson.loads(normal["custom_fields"] or "") == ({"uf_a": clean(custom)} if custom else {})
    assert str(held["count"]) == str(count)
    assert restored(held.get("odd", [])) == tags


SPEC_COLUMNS = [*shape().place.columns, "value_rounded", "custom_fields"]


@given(st.text(st.sampled_from("0123456789.-"), max_size=6))
def test_numbers_in_json_are_the_same_numbers(text: str):
    try:
        number = Decimal(text)
    except ArithmeticError:
        return
    written = orjson.dumps(in_json(text, Kind.NUMBER)).decode()
    assert json.loads(written, parse_float=Decimal, parse_int=Decimal) == number


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("007", Kind.INTEGER, "7"),
        (str(2**70), Kind.INTEGER, str(2**70)),
        ("1e3", Kind.NUMBER, "1000"),
        ("true", Kind.FLAG, "true"),
        ('{"a":"\\""}', Kind.JSON, '{"a":"\\""}'),
        ('a"\t', Kind.TEXT, '"a\\"\\t"'),
        ("2026-11-01", Kind.DATE, '"2026-11-01"'),
    ],
)
def test_values_in_json_are_of_their_kind(text: str, kind: Kind, written: str):
    assert orjson.dumps(in_json(text, kind)).decode() == written


def test_a_value_that_is_no_number_is_kept_beside_the_row():
    made = make(shape(), {"ID": "1", "AMOUNT": "много", "TITLE": "a\0"})

    assert {one.field for one in made.misfits} == {"AMOUNT", "TITLE"}
    raw: Any = json.loads(parsed(made.typed)[-1] or "")
    assert restored(raw) == {"AMOUNT": "много", "TITLE": "a\0"}


def test_cents_are_told_the_same_each_time():
    assert [cents("22175.325"), cents("22175.325"), cents("7")] == [
        ("22175.33", True), ("22175.33", True), ("7.00", False),
    ]  # fmt: skip
