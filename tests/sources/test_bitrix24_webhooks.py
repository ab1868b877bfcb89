"""The form of an event, as the portal posts it and as others may."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import SkipRecord
from headwater.core.model import Tells
from headwater.sources.bitrix24.telling import ONLINE, TICKED
from headwater.sources.bitrix24.webhooks import Ear, nested

EAR = Ear()
OUTGOING = (
    b"event=ONCRMDEALADD&event_handler_id=975&data%5BFIELDS%5D%5BID%5D=7405&ts=1795250100"
    b"&auth%5Bdomain%5D=acme.bitrix24.ru&auth%5Bclient_endpoint%5D=https%3A%2F%2Facme.bitrix24.ru%2Frest%2F"
    b"&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix.info%2Frest%2F"
    b"&auth%5Bmember_id%5D=5f0c1b7e9d2a44c08b1e6d5a77c3e901"
    b"&auth%5Bapplication_token%5D=jvh9y1ulvt2m6k5or90v9mg8nn32ozas"
)
WHO = {"auth[member_id]": "m1", "auth[application_token]": "t1"}


def form(event, **data):
    return urlencode({"event": event, **data, **WHO}).encode()


def about(event, *ids, **data):
    found = EAR.notice(form(event, **data))
    return found.tells, found.entity, found.id


def test_the_bytes_the_vendor_describes_are_understood():
    found = EAR.notice(OUTGOING)

    assert (found.event, found.tells, found.entity, found.id) == (
        "ONCRMDEALADD",
        Tells.RECORD,
        "deals",
        "7405",
    )
    assert found.member == "5f0c1b7e9d2a44c08b1e6d5a77c3e901"
    assert found.token == "jvh9y1ulvt2m6k5or90v9mg8nn32ozas"
    assert found.token not in repr(found)


@pytest.mark.parametrize(
    ("event", "data", "expected"),
    [
        ("ONCRMLEADUPDATE", {"data[FIELDS][ID]": "5"}, (Tells.RECORD, "leads", "5")),
        ("onCrmCompanyDelete", {"data[FIELDS][ID]": "5"}, (Tells.RECORD, "companies", "5")),
        ("ONCRMCONTACTADD", {"data[fields][id]": "5"}, (Tells.RECORD, "contacts", "5")),
        ("ONCRMACTIVITYADD", {"data[ID]": "5"}, (Tells.RECORD, "activities", "5")),
        ("ONCRMPRODUCTUPDATE", {"data[FIELDS][ID]": "5"}, (Tells.RECORD, "products", "5")),
        ("CATALOG.PRODUCT.ON.UPDATE", {"data[FIELDS][ID]": "5"}, (Tells.RECORD, "products", "5")),
        ("ONCRMTIMELINECOMMENTADD", {"data[ID]": "999"}, (Tells.COMMENT, "comments", "999")),
        ("ONCRMTIMELINECOMMENTADD", {"data[FIELDS][ID]": "999"}, (Tells.COMMENT, "comments", "999")),
        (
            "ONCRMDYNAMICITEMUPDATE",
            {"data[FIELDS][ID]": "3", "data[FIELDS][ENTITY_TYPE_ID]": "177"},
            (Tells.RECORD, "items_177", "3"),
        ),
        ("ONCRMDYNAMICITEMADD_177", {"data[FIELDS][ID]": "3"}, (Tells.RECORD, "items_177", "3")),
        ("ONCRMDYNAMICITEMADD", {"data[FIELDS][ID]": "3"}, (Tells.NOTHING, None, None)),
        (
            "ONCRMDEALMOVETOCATEGORY",
            {"data[FIELDS][ID]": "8", "data[FIELDS][CATEGORY_ID]": "2", "data[FIELDS][STAGE_ID]": "C2:NEW"},
            (Tells.RECORD, "deals", "8"),
        ),
        ("ONCRMDEALUSERFIELDUPDATE", {"data[FIELDS][ID]": "4"}, (Tells.FIELDS, "deals", None)),
        ("ONCRMCOMPANYUSERFIELDSETENUMVALUES", {}, (Tells.FIELDS, "companies", None)),
        ("ONVOXIMPLANTCALLEND", {"data[CALL_ID]": "x.1"}, (Tells.ENTITY, "calls", None)),
        ("ONVOXIMPLANTCALLSTART", {"data[CALL_ID]": "x.1"}, (Tells.NOTHING, None, None)),
        ("ONUSERADD", {"data[ID]": "12"}, (Tells.ENTITY, "users", None)),
        ("ONAPPINSTALL", {}, (Tells.INSTALLED, None, None)),
        ("ONAPPUNINSTALL", {"data[CLEAN]": "1"}, (Tells.REMOVED, None, None)),
        ("ONAPPTEST", {"data[QUERY][x]": "1"}, (Tells.TEST, None, None)),
        ("ONOFFLINEEVENT", {}, (Tells.QUEUE, None, None)),
        ("ONCRMQUOTEADD", {"data[FIELDS][ID]": "1"}, (Tells.NOTHING, None, None)),
        ("ONCRMDEALUPDATE", {"data[FIELDS][ID]": "0"}, (Tells.RECORD, "deals", None)),
        ("ONCRMDEALUPDATE", {"data[FIELDS][ID]": "1' or 1=1"}, (Tells.RECORD, "deals", None)),
        ("ONCRMDEALUPDATE", {"data[FIELDS][ID]": "9" * 30}, (Tells.RECORD, "deals", None)),
        ("ONCRMDEALUPDATE", {"data": "7"}, (Tells.RECORD, "deals", None)),
    ],
)
def test_every_event_says_what_it_is_about(event, data, expected):
    assert about(event, **data) == expected


@pytest.mark.parametrize("event", [*ONLINE, "ONCRMDYNAMICITEMADD_177"])
def test_what_is_stored_of_an_event_means_the_same_as_the_event(event):
    found = EAR.notice(form(event, **{"data[FIELDS][ID]": "3", "data[FIELDS][ENTITY_TYPE_ID]": "177"}))

    assert EAR.tells(found.event, found.entity) is found.tells is not Tells.NOTHING


def test_no_token_stays_in_the_body_that_is_kept():
    secrets = {
        "auth[access_token]": "s1", "auth[refresh_token]": "s2", "auth[application_token]": "s3",
        "auth[ACCESS_TOKEN]": "s4", "access_token": "s5", "data[auth][refresh_token]": "s6",
    }  # fmt: skip
    body = form("ONCRMDEALUPDATE", **{"data[FIELDS][ID]": "7"}) + b"&" + urlencode(secrets).encode()

    kept = dict(parse_qsl(EAR.notice(body).body))

    assert kept == {"event": "ONCRMDEALUPDATE", "data[FIELDS][ID]": "7", "auth[member_id]": "m1"}


def test_of_what_means_nothing_to_us_no_data_is_kept():
    kept = EAR.notice(form("ONIMBOTMESSAGEADD", **{"data[PARAMS][MESSAGE]": "private words"})).body

    assert dict(parse_qsl(kept)) == {"event": "ONIMBOTMESSAGEADD", "auth[member_id]": "m1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"{}",
        b"\xff\xfe",
        "событие".encode(),
        b"event=&auth[member_id]=m&auth[application_token]=t",
        b"event=a%00b&auth[member_id]=m&auth[application_token]=t",
        b"event=ONCRMDEALADD",
        b"event=ONCRMDEALADD&auth[member_id]=m",
        b"event=ONCRMDEALADD&auth[application_token]=t",
        b"event=ONCRMDEALADD&auth[member_id]=m%00&auth[application_token]=t",
        b"event=ONCRMDEALADD&auth[member_id]=m&auth[application_token]=" + b"t" * 300,
        b"event=ONCRMDEALADD&auth[member_id][x]=m&auth[application_token]=t",
        b"event[x]=ONCRMDEALADD&auth[member_id]=m&auth[application_token]=t",
        b"&".join(b"a%d=1" % n for n in range(600)) + b"&event=ONCRMDEALADD",
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(body):
    with pytest.raises(SkipRecord, match=r"\w"):
        EAR.notice(body)


def test_forms_are_nested_as_php_does_it():
    pairs = [
        ("a[b][c]", "1"), ("a[b][d]", "2"), ("list[]", "x"), ("list[]", "y"), ("flat", "z"),
        ("a[b]", "3"), ("broken[", "4"), ("]", "5"), ("deep" + "[x]" * 9, "6"), ("flat[x]", "7"),
    ]  # fmt: skip

    assert nested(pairs) == {"a": {"b": "3"}, "list": {"0": "x", "1": "y"}, "flat": {"x": "7"}}


WORDS = st.sampled_from(
    ["event", "data", "auth", "[", "]", "[FIELDS]", "[ID]", "[member_id]", "[application_token]", "=", "&", "%00",
     "%ff", "%", "7", "ONCRMDEALADD", "ONCRMDYNAMICITEMADD", "[ENTITY_TYPE_ID]", "[]", "a" * 200, "٣", "\x00", ";"]
)  # fmt: skip


@given(
    st.one_of(
        st.binary(max_size=400), st.lists(WORDS, max_size=60).map(lambda words: "".join(words).encode())
    )
)
def test_a_hostile_form_is_an_event_or_refused_and_never_more(body):
    try:
        found = EAR.notice(body)
    except SkipRecord:
        return

    assert found.event.isascii()
    assert found.id is None or (found.id.isdecimal() and int(found.id) > 0)
    assert found.body.isascii()
    assert "\x00" not in found.event + found.member + found.body + (found.entity or "")


@given(
    token=st.text("abcdef0123456789", min_size=20, max_size=40),
    data=st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=8),
)
def test_whatever_comes_with_it_a_token_is_not_kept(token, data):
    pairs = {f"data[{key}]": value for key, value in data.items()}
    body = urlencode(
        {"event": "ONCRMDEALADD", **pairs, "auth[member_id]": "m", "auth[application_token]": token}
    )

    assert token not in EAR.notice(body.encode()).body


def test_what_a_person_ticks_goes_to_webhooks_and_what_he_cannot_goes_to_applications():
    assert set(TICKED) < set(ONLINE)
    assert {"ONCRMDEALMOVETOCATEGORY", "ONAPPUNINSTALL", "ONUSERADD"} == set(ONLINE) - set(TICKED)
    assert set(EAR.words) == {"en", "ru"}
