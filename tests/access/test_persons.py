"""Whom a text names: addresses, phones and full names in any spelling, and nobody else."""

import re

import pytest

from headwater.core.model import Books, Label, Stage
from headwater.core.persons import Eye, Word, email, names, pattern, phones
from headwater.warehouse.erased import Erased

KEY = b"k" * 32
REGIONS = ["RU", "UZ"]
WORDS = {
    Word("email", "ivan@example.com"), Word("phone", "+998901234567"), Word("phone", "+79127654321"),
    *names("Иван Петров"),
}  # fmt: skip
EYE = Eye({word.digest(KEY): word.kind for word in WORDS}, KEY, REGIONS)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("ivan@example.com", None),
        (" IVAN@Example.COM ", None),
        ("mail ivan@example.com, thanks", "mail [erased], thanks"),
        ("anivan@example.com", "anivan@example.com"),
        ("ivan@example.com.uz", "ivan@example.com.uz"),
        ("+998 90 123-45-67", None),
        ("(90)1234567", None),
        ("тел.: 90 123 45 67 / 901112233", "тел.: [erased] / 901112233"),
        ("8(912)765-43-21 и +7 912 765 43 21", "[erased] и [erased]"),
        ("id 1998901234567", "id 1998901234567"),
        ("Иван Петров", None),
        ("ПЕТРОВ, ИВАН!", "[erased]!"),
        ("Иван Петрович", "Иван Петрович"),
        ("Иван и Петров", "Иван и Петров"),
        ("", ""),
    ],
)
def test_what_is_left_of_a_text(text, cleaned):
    assert EYE.cleaned(text) == cleaned


@pytest.mark.parametrize(
    "text",
    ["Ivan@Example.com", "т. 8-912-765-43-21", "90 1234567", "ПЕТРОВ ИВАН", "a%40b ivan%40example.com"],
)
def test_the_pattern_for_the_database_finds_at_least_what_the_eye_does(text):
    ours = pattern(WORDS, ["Иван Петров"])
    python = ours.replace("[[:space:],.]", r"[\s,.]").replace("[^[:alnum:]]", r"[^\w]")

    assert re.search(python, text)


def test_escaped_bodies_are_looked_through():
    assert EYE.cleaned_body("data%5Bmail%5D=ivan%40example.com&a=1") is None
    assert (
        EYE.cleaned_body(
            '{"name": "\\u0418\\u0432\\u0430\\u043d \\u041f\\u0435\\u0442\\u0440\\u043e\\u0432"}'
        )
        is None
    )
    assert EYE.cleaned_body("data%5Bid%5D=5") == "data%5Bid%5D=5"


def test_a_name_of_one_word_or_of_a_letter_names_nobody():
    assert names("Иван") == names("И. Петров") == names("") == set()
    assert names("Пётр Великий") == names("великий  ПЕТР")
    assert Word("name", "иванов петр") in names("Пётр Алексеевич Иванов")


def test_phones_are_one_however_they_are_dialled():
    forms = ["+7 912 765-43-21", "8 (912) 765 43 21", "79127654321", "9127654321"]

    assert {frozenset(phones(form, ["RU"])) for form in forms} == {frozenset({Word("phone", "+79127654321")})}
    assert phones("12-34", REGIONS) == set()
    assert email("nobody at example") is None


def test_digests_tell_nothing_without_their_key():
    word = Word("phone", "+79127654321")

    assert word.digest(KEY) == word.digest(KEY) != word.digest(b"q" * 32)
    assert not Eye({word.digest(b"q" * 32): "phone"}, KEY, REGIONS).hits("+79127654321")


def test_names_of_lists_come_without_erased_people():
    labels = [
        Label("deals", "uf_boss", "1", "Иван Петров", "ru"),
        Label("deals", "uf_boss", "2", "Другой", "ru"),
    ]
    stages = [Stage("deals", "0", "NEW", "Ждём Иван Петров", 1, "open")]

    told = Erased(EYE, 1).books(Books(labels=labels, stages=stages))

    assert [one.label for one in told.labels or ()] == ["[erased]", "Другой"]
    assert [one.name for one in told.stages or ()] == ["Ждём [erased]"]
    assert told.pipelines is None
