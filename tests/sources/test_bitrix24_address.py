"""What people paste as a webhook address: mended where it is clear, refused with a word why where not."""

import pytest

from headwater.core.errors import NeedsPerson
from headwater.sources.bitrix24.address import address

CODE = "abcd1234efgh5678"
GOOD = f"https://acme.bitrix24.ru/rest/1/{CODE}/"


@pytest.mark.parametrize(
    "given",
    [
        GOOD,
        GOOD.rstrip("/"),
        f"  {GOOD}\n",
        f'"{GOOD}"',
        f"<{GOOD}>",
        f"{GOOD}crm.deal.list",
        f"{GOOD}crm.deal.list.json",
        f"{GOOD}profile.json?ID=1#x",
        f"acme.bitrix24.ru/rest/1/{CODE}/",
        f"HTTPS://ACME.bitrix24.ru/rest/1/{CODE}/",
    ],
)
def test_an_address_with_a_small_slip_is_mended(given: str) -> None:
    place = address(given)

    assert place.url("profile") == f"https://acme.bitrix24.ru/rest/1/{CODE}/profile.json"
    assert place.portal == "acme.bitrix24.ru"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:99"])
def test_plain_http_is_fine_on_this_very_machine(host: str) -> None:
    assert address(f"http://{host}/rest/1/{CODE}/").portal == host


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("hello", "not a web address"),
        ("ftp://acme.bitrix24.ru/rest/1/x/", "not a web address"),
        ("https://acme.bitrix24.ru:99999/rest/1/x/", "not a web address"),
        ("https:///rest/1/x/", "not a web address"),
        (f"http://acme.bitrix24.ru/rest/1/{CODE}/", "use https"),
        (f"http://127.0.0.1.evil.com/rest/1/{CODE}/", "use https"),
        (f"https://me:pw@acme.bitrix24.ru/rest/1/{CODE}/", "user name or password"),
        (f"https://acme.bitrix24.ru/rest/1/{CODE[:4]} {CODE[4:]}/", "space"),
        ("https://acme.bitrix24.ru/crm/deal/kanban/", "a page of acme.bitrix24.ru, not a webhook"),
        ("https://acme.bitrix24.ru/", "not a webhook"),
        (f"https://acme.bitrix24.ru/rest/{CODE}/", "number of the user"),
        ("https://acme.bitrix24.ru/rest/1/", "ends before the webhook's code"),
        (f"https://acme.bitrix24.ru/rest/1/{CODE}/a/b/", "its path is not"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_a_word_why(given: str, word: str) -> None:
    with pytest.raises(NeedsPerson) as caught:
        address(given)

    assert word in str(caught.value)
    assert "https://example.bitrix24.com/rest/1/<code>/" in str(caught.value)
    assert CODE not in str(caught.value)


def test_the_code_is_not_in_the_text_form_of_an_address() -> None:
    assert CODE not in repr(address(GOOD)) + str(address(GOOD))
