from hypothesis import example, given
from hypothesis import strategies as st

from headwater.warehouse.arrays import texts


def parsed(array: str) -> list[str]:
    """An array of texts as PostgreSQL reads it, written from its documentation: all elements are quoted."""
    found, at = [], 1
    while array[at] != "}":
        text, at = "", array.index('"', at) + 1
        while array[at] != '"':
            at += array[at] == "\\"
            text, at = text + array[at], at + 1
        found.append(text)
        at += 1
    return found


@given(
    st.lists(st.text(st.sampled_from('a"\\{},N я\n') | st.characters(codec="utf-8"), max_size=6), max_size=5)
)
@example(["NULL", ""])
def test_an_array_holds_the_texts_it_was_made_of(values: list[str]):
    assert parsed(texts(values)) == values
