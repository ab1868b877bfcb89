import pytest

from headwater.sandbox.bitrix24 import php


def test_keys_nest_as_in_php():
    read = php.query(
        "filter[%3E%3DDATE_MODIFY]=2026-11-20T00:00:00%2B03:00&select[]=ID&select[]=UF_*&a[0][b]=1&x=&"
    )

    assert read == {
        "filter": {">=DATE_MODIFY": "2026-11-20T00:00:00+03:00"},
        "select": {"0": "ID", "1": "UF_*"},
        "a": {"0": {"b": "1"}},
        "x": "",
    }


def test_a_plus_in_a_query_is_a_space():
    assert php.query("d=2026-11-20T00:00:00+03:00") == {"d": "2026-11-20T00:00:00 03:00"}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, []),
        ({"0": "a", "1": "b"}, ["a", "b"]),
        ({"1": "a", "0": "b"}, {"1": "a", "0": "b"}),
        ({"k": 1}, {"k": 1}),
    ],
)
def test_a_map_with_keys_from_0_up_is_a_list(given, sent):
    assert php.array(given) == sent


def test_slashes_are_escaped():
    assert php.encode({"url": "https://a/b"}) == b'{"url":"https:\\/\\/a\\/b"}'


def test_a_multipart_body_is_read():
    content = (
        b'--b\r\nContent-Disposition: form-data; name="filter[>ID]"\r\n\r\n5\r\n'
        b'--b\r\nContent-Disposition: form-data; name="select[]"\r\n\r\nTITLE\r\n--b--\r\n'
    )

    assert php.body(content, "multipart/form-data; boundary=b") == {
        "filter": {">ID": "5"},
        "select": {"0": "TITLE"},
    }


def test_an_unreadable_json_body_has_no_parameters():
    assert php.body(b"{nope", "application/json") == {}


@pytest.mark.parametrize(
    ("text", "number"), [("12abc", 12), ("abc", 0), ("", 0), (" 7", 7), (None, 0), (True, 1)]
)
def test_integers_are_read_as_php_reads_them(text, number):
    assert php.integer(text) == number


@pytest.mark.parametrize("text", ["9" * 40, " +" + "9" * 5000, 10**40, 1e300])
def test_an_integer_that_is_too_large_is_the_largest(text):
    assert php.integer(text) == 2**63 - 1


def test_a_record_of_an_impossible_number_is_not_found(tell):
    assert tell("crm.deal.get", {"id": "9" * 5000})["error_description"] == "Not found"


def test_a_bracket_that_is_never_closed_is_an_underscore():
    """As the key of `filter[=ID]=5` arrives when its first = is not encoded."""
    assert php.query("filter[a]=1&filter[=ID]=5&a.b c=2") == {
        "filter": {"a": "1"},
        "filter_": "ID]=5",
        "a_b_c": "2",
    }


@pytest.mark.parametrize(
    ("given", "read"),
    [(10**30, 2**63 - 1), ("-" + "9" * 5000, -(2**63)), (float("inf"), 0), ("12abc", 12), (-3.9, -3)],
)
def test_a_number_fits_64_bits(given, read):
    assert php.integer(given) == read
