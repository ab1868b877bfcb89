"""Raw values of every type become exact text forms, or are refused with a word why."""

import json
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import Unfit
from headwater.core.model import Field, Kind
from headwater.sources.bitrix24.decode import decoder
from headwater.sources.bitrix24.kinds import TYPES, UNKNOWN

ZONE = timezone(timedelta(hours=5))


def decode(type_: str, raw: Any, *, multiple: bool = False, kind: Kind | None = None) -> str | None:
    of_type = Kind.JSON if multiple else TYPES.get(type_, UNKNOWN).kind
    return decoder(Field("X", kind or of_type, type=type_, multiple=multiple), ZONE)(raw)


@pytest.mark.parametrize(
    ("type_", "raw", "text"),
    [
        ("string", "Поставка", "Поставка"),
        ("string", 42, "42"),
        ("string", 1.5, "1.5"),
        ("string", "0", "0"),
        ("string", "a\x00b", "a\x00b"),
        ("string", "a\ud800b", "a\ud800b"),
        ("string", " ", " "),
        ("rest_12_colour", "red", "red"),
        ("integer", "42", "42"),
        ("integer", 42, "42"),
        ("integer", "0", "0"),
        ("integer", "-7", "-7"),
        ("integer", "007", "7"),
        ("integer", " 7 ", "7"),
        ("integer", 7.0, "7"),
        ("integer", "9223372036854775807", "9223372036854775807"),
        ("integer", "-9223372036854775808", "-9223372036854775808"),
        ("double", "22175.32800000", "22175.32800000"),
        ("double", "0.1000000000000000000000000001", "0.1000000000000000000000000001"),
        ("double", 22175.328, "22175.328"),
        ("double", 5, "5"),
        ("double", "-3.5", "-3.5"),
        ("double", "1e3", "1e3"),
        ("double", "5.", "5"),
        ("double", ".5", "0.5"),
        ("double", "+5", "5"),
        ("money", "300|RUB", "300"),
        ("money", "12.50|", "12.50"),
        ("money", "|RUB", None),
        ("char", "Y", "true"),
        ("char", "N", "false"),
        ("boolean", "1", "true"),
        ("boolean", 0, "false"),
        ("boolean", True, "true"),
        ("boolean", False, "false"),
        ("boolean", "false", "false"),
        ("date", "2026-11-10T03:00:00+03:00", "2026-11-10"),
        ("date", "2026-11-10T00:00:00+14:00", "2026-11-10"),
        ("date", "2026-11-10", "2026-11-10"),
        ("date", "10.11.2026", "2026-11-10"),
        ("datetime", "2026-11-10T14:29:00+03:00", "2026-11-10T14:29:00+03:00"),
        ("datetime", "2026-11-10T14:29:00Z", "2026-11-10T14:29:00+00:00"),
        ("datetime", "2024-07-23 08:08:50", "2024-07-23T08:08:50+05:00"),
        ("datetime", "24.08.2023 13:19:39", "2023-08-24T13:19:39+05:00"),
        ("datetime", "24.08.2023", "2023-08-24T00:00:00+05:00"),
        ("datetime", "9999-12-31T00:00:00+03:00", "9999-12-31T00:00:00+03:00"),
        ("enumeration", "79", "79"),
        ("enumeration", 81, "81"),
        ("crm_category", "0", "0"),
        ("crm_category", 0, "0"),
        ("crm", "D_15", "D_15"),
        ("user", 7, "7"),
        ("file", {"id": 5}, '{"id":5}'),
        ("address", "Text|1;2", '"Text|1;2"'),
        ("object", {"a": None, "б": "ы"}, '{"a":null,"б":"ы"}'),
        ("file", {"id": 2**70}, f'{{"id":{2**70}}}'),
        ("file", ["\ud800"], '["\\ud800"]'),
    ],
)
def test_a_value_keeps_its_exact_meaning(type_: str, raw: Any, text: str | None) -> None:
    assert decode(type_, raw) == text


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        *((type_, None) for type_ in TYPES),
        *((type_, "") for type_ in TYPES),
        *(
            (type_, raw)
            for type_ in ("user", "crm_company", "crm", "enumeration")
            for raw in ("0", 0, False, [])
        ),
        *((type_, raw) for type_ in ("date", "datetime", "file", "object", "url") for raw in ({}, [], False)),
    ],
)
def test_emptiness_is_a_matter_of_the_type(type_: str, raw: Any) -> None:
    assert decode(type_, raw) is None


@pytest.mark.parametrize("raw", [None, "", False, [], {}])
def test_several_values_are_empty_as_false_or_as_an_empty_list(raw: Any) -> None:
    assert decode("enumeration", raw, multiple=True) is None


def test_several_values_are_kept_as_json() -> None:
    assert decode("enumeration", [79, 81], multiple=True) == "[79,81]"
    assert decode("money", ["1|RUB"], multiple=True) == '["1|RUB"]'


def test_the_currency_of_money_is_read_from_the_same_value() -> None:
    assert decode("money", "300|RUB", kind=Kind.TEXT) == "RUB"
    assert decode("money", "300", kind=Kind.TEXT) is None
    assert decode("money", None, kind=Kind.TEXT) is None


@pytest.mark.parametrize(
    ("type_", "raw", "word"),
    [
        ("string", ["a"], "a list where a text should be"),
        ("string", {"a": 1}, "a map where a text should be"),
        ("string", True, "yes or no where a text should be"),
        ("user", {"id": 1}, "a map"),
        ("integer", "abc", "“abc” is not a whole number"),
        ("integer", "4.5", "not a whole number"),
        ("integer", "1_000", "not a whole number"),
        ("integer", "٤٢", "not a whole number"),
        ("integer", "9223372036854775808", "beyond 64 bits"),
        ("integer", 2**64, "beyond 64 bits"),
        ("integer", "9" * 5000, "beyond 64 bits"),
        ("integer", True, "yes or no where a whole number should be"),
        ("integer", [], "a list"),
        ("double", "abc", "“abc” is not a number"),
        ("double", "12,5", "not a number"),
        ("double", "٤", "not a number"),
        ("double", "NaN", "not a number"),
        ("double", "inf", "not a number"),
        ("double", "1e400", "beyond what a number can hold"),
        ("double", "1e-400", "beyond what a number can hold"),
        ("double", "9" * 400, "beyond what a number can hold"),
        ("double", 10**400, "beyond what a number can hold"),
        ("double", math.nan, "without end"),
        ("double", math.inf, "without end"),
        ("double", False, "yes or no"),
        ("double", {}, "a map"),
        ("money", "much|RUB", "not a number"),
        ("money", ["1|RUB"], "a list"),
        ("char", "Z", "neither yes nor no"),
        ("boolean", 2, "neither yes nor no"),
        ("boolean", [], "neither yes nor no"),
        ("date", "0000-00-00", "the year 0000 is outside 1 to 9999"),
        ("date", "20245-01-01", "the year 20245 is outside 1 to 9999"),
        ("date", "2026-02-31", "no such day"),
        ("date", "31.02.2026", "no such day"),
        ("date", "soon", "is not a date"),
        ("date", 5, "where a date should be"),
        ("datetime", "0000-00-00T00:00:00+03:00", "the year 0000"),
        ("datetime", "20245-01-01T00:00:00+03:00", "the year 20245"),
        ("datetime", "01.01.20245 10:00:00", "the year 20245"),
        ("datetime", "2026-02-31T10:00:00+03:00", "no such day or time"),
        ("datetime", "2026-02-11T25:00:00+03:00", "no such day or time"),
        ("datetime", "2026-02-11T10:00:00+17:00", "offset that no place on earth has"),
        ("datetime", "0001-01-01T00:00:00+03:00", "outside the years 1 to 9999"),
        ("datetime", "9999-12-31T23:00:00-03:00", "outside the years 1 to 9999"),
        ("datetime", "2026-W45-3T14:29:00+03:00", "is not a date"),
        ("datetime", 1795250100, "where a time should be"),
        ("datetime", {"a": 1}, "a map where a time should be"),
        ("file", {"size": math.nan}, "cannot be written as JSON"),
    ],
)
def test_a_value_that_does_not_fit_says_why(type_: str, raw: Any, word: str) -> None:
    with pytest.raises(Unfit) as caught:
        decode(type_, raw)

    assert word in str(caught.value)
    assert len(str(caught.value)) < 160


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
NEARLY = st.from_regex(
    r"[+-]?[0-9]{0,25}[.eE|]?[0-9+-]{0,6}|[0-9]{1,5}[-.][0-9]{2}[-.][0-9]{2,5}[T ]?[0-9:+Z.-]{0,20}",
    fullmatch=True,
)


@given(st.sampled_from([*TYPES, "rest_1_x"]), st.booleans(), ANY_JSON | NEARLY)
def test_whatever_comes_is_decoded_or_unfit_and_has_the_form_of_its_kind(
    type_: str, multiple: bool, raw: Any
) -> None:
    kind = Kind.JSON if multiple else TYPES.get(type_, UNKNOWN).kind

    with suppress(Unfit):
        text = decode(type_, raw, multiple=multiple)
        assert text is None or FORMS[kind](text)


FORMS: dict[Kind, Callable[[str], bool]] = {
    Kind.TEXT: lambda text: isinstance(text, str),
    Kind.INTEGER: lambda text: str(int(text)) == text and -(2**63) <= int(text) < 2**63,
    Kind.NUMBER: lambda text: text.isascii() and "_" not in text and Decimal(text).is_finite(),
    Kind.FLAG: lambda text: text in ("true", "false"),
    Kind.DATE: lambda text: date.fromisoformat(text).isoformat() == text,
    Kind.MOMENT: lambda text: datetime.fromisoformat(text).astimezone(UTC).year > 0,
    Kind.JSON: lambda text: json.loads(text) is not None,
}
