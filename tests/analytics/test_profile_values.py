"""Which values look wrong: tables of cases, without a database."""

import pytest

from headwater.analytics.profile.spelling import misspelt
from headwater.analytics.profile.values import Seen, alike, astray, blanks, filler


def seen(**counts: int) -> list[Seen]:
    return of(list(counts.items()))


def of(counts: list[tuple[str, int]]) -> list[Seen]:
    return [Seen(value, value, count, f"id of {value}") for value, count in counts]


@pytest.mark.parametrize(
    "value",
    [
        "Select", "-- select --", "Please select…", "N/A", "n/a", "none", "NULL", "-", "—", ".", "...", "???", "0", "000",
        "test", "нет", "Не указано", "не выбрано", "ВЫБЕРИТЕ", "Неизвестно", "тест", "noma'lum", "yo'q", "xxxx", "aaaaaa",
        "\u0001", "  ",
    ],
)  # fmt: skip
def test_what_people_write_where_they_have_nothing_to_say_is_no_value(value: str) -> None:
    assert [one.value for one in blanks(of([("Moscow", 10), (value, 3)]))] == [value]


@pytest.mark.parametrize(
    "value", ["Noname LLC", "Test drive", "Нетто", "A", "7", "no", "Other", "Другое", "10"]
)
def test_other_words_are_values(value: str) -> None:
    assert blanks(of([("Moscow", 10), (value, 3)])) == []


def test_no_is_an_answer_beside_yes_and_zero_a_number_beside_numbers() -> None:
    assert blanks(of([("Да", 10), ("Нет", 30)])) == []
    assert blanks(of([("0", 10), ("12", 30)]), numeric=True) == []


def test_the_name_of_the_field_itself_is_no_value_where_it_is_common() -> None:
    assert [one.value for one in blanks(of([("City", 50), ("Moscow", 60)]), label=("City", "Город"))] == [
        "City"
    ]
    assert blanks(of([("City", 5), ("Moscow", 60)]), label=("City", "Город")) == []


@pytest.mark.parametrize(
    ("rare", "common"),
    [
        (("GTXPro", 40), ("GTX Pro", 60)), (("google", 5), ("Google", 99)), (("Зеленый", 60), ("Зелёный", 80)),
        (("Samarqand", 2), ("Samarkand", 30)), (("Teelcom", 1), ("Telecom", 9)), (("ООО  «Ромашка»", 9), ("ООО Ромашка", 9)),
        (("Ekaterenburk city", 1), ("Ekaterinburg city", 40)),
    ],
)  # fmt: skip
def test_two_spellings_of_one_value_are_told_with_the_commoner_one(
    rare: tuple[str, int], common: tuple[str, int]
) -> None:
    [found] = alike(of([rare, common, ("Something else", 20)]))

    assert found.other is not None
    assert {found.one.value, found.other.value} == {rare[0], common[0]}
    assert found.one.records <= found.other.records


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Model 2", 1), ("Model 3", 50)), (("Plan A", 1), ("Plan B", 50)), (("Service", 1), ("Services", 50)),
        (("Samarqand", 20), ("Samarkand", 30)), (("Kiev", 1), ("Lviv", 50)), (("North", 1), ("South", 50)),
        (("Красная", 1), ("Красные", 50)),
    ],
)  # fmt: skip
def test_values_that_may_well_be_two_are_left_alone(one: tuple[str, int], other: tuple[str, int]) -> None:
    assert alike(of([one, other])) == []


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("technolgy", "technology"), ("philipines", "philippines"), ("united sttaes", None), ("telecomunications", "telecommunications"),
        ("строительтво", "строительство"), ("technology", None), ("technologi", None), ("gambia", None), ("", None),
        ("marketin", None), ("x" * 100_000, None),
    ],
)  # fmt: skip
def test_a_misspelling_of_a_word_that_everybody_knows_is_told_also_where_that_is_nowhere(
    words: str, meant: str | None
) -> None:
    assert misspelt(words.split()) == meant


def test_a_field_that_copies_names_is_compared_with_them() -> None:
    books = {"products": {"GTX Pro": "1", "MG Special": "2", "GTK 500": "3"}, "companies": {"Acme": "9"}}

    [found] = astray(seen(**{"GTXPro": 40, "MG Special": 9, "GTK 500": 7}), books)

    assert (found.one.value, found.book) == ("GTXPro", "products")
    assert found.other is not None
    assert (found.other.shown, found.other.example) == ("GTX Pro", "1")
    assert astray(seen(Red=4, Green=5, GTXPro=1), books) == []


@pytest.mark.parametrize(
    ("counts", "different", "filled", "odd"),
    [
        ([("no@mail.ru", 30), ("a@x.ru", 1)], 300, 330, "no@mail.ru"),
        ([("no@mail.ru", 9), ("a@x.ru", 1)], 300, 330, None),
        ([("Moscow", 30), ("Tula", 1)], 5, 330, None),
        ([("Ivan", 30), ("Oleg", 25)], 300, 330, None),
        ([("no@mail.ru", 30)], 90_000, 90_000, None),
        ([], 0, 0, None),
    ],
)
def test_one_value_among_many_different_ones_looks_like_a_placeholder(
    counts: list[tuple[str, int]], different: int, filled: int, odd: str | None
) -> None:
    found = filler(of(counts), different=different, filled=filled)

    assert (found.value if found else None) == odd
