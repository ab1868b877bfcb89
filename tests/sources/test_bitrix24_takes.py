"""What records of Bitrix24 mean in our words: phones, people, stages, owners and directions of what happened."""

from collections.abc import Callable
from typing import Any

import pytest

from headwater.core.model import Span
from headwater.testing.source_suite import read, rows_of

Normal = dict[str, str | None]


@pytest.fixture
def normal(worlds: Any) -> Callable[..., Any]:
    """The normalised columns of a record with these raw values, read from a portal."""

    async def of(entity: str, given: dict[str, Any], **options: Any) -> Normal:
        world = worlds(entity=entity)
        [id_] = world.add(1)
        world.change(id_, given)
        source = world.connect(**options)
        fields = (await source.survey([entity])).fields[entity]
        [row] = rows_of(await read(source, [Span(entity, "all")]))
        values = {field.name: source.decoder(field)(row.get(field.key)) for field in fields}
        return {one.column: one.take(values) for one in source.entities[entity].normal}

    return of


def phones(*numbers: str) -> dict[str, Any]:
    return {
        "PHONE": [
            {"ID": str(at), "VALUE_TYPE": "WORK", "VALUE": number, "TYPE_ID": "PHONE"}
            for at, number in enumerate(numbers, 1)
        ]
    }


@pytest.mark.parametrize(
    ("region", "number", "e164"),
    [
        ("RU", "8 (912) 345-67-89", "+79123456789"),
        ("RU", "+998 90 123-45-67", "+998901234567"),
        ("RU", "998901234567", "+998901234567"),
        ("UZ", "90 123 45 67", "+998901234567"),
        ("UZ", "8 (912) 345-67-89", None),
        ("DE", "030 901820", "+4930901820"),
        (None, "+7 912 345 67 89", "+79123456789"),
        (None, "8 (912) 345-67-89", None),
        ("RU", "звонить Олегу", None),
        ("RU", "8 912 345 67 89 доб. 123 спросить директора, после шести", None),
        ("RU", "000", None),
    ],
)
async def test_phones_are_those_of_their_region(
    normal: Any, region: str | None, number: str, e164: str | None
) -> None:
    memory = (
        {"memory": {"region": region}}
        if region
        else {"memory": {}, "url": "https://acme.bitrix24.com/rest/1/k9secretcode42/"}
    )

    contact = await normal("contacts", phones(number, "+79990000000"), **memory)
    lead = await normal("leads", phones(number), **memory)

    assert (contact["phone"], contact["phone_e164"]) == (number, e164)
    assert (lead["contact_phone"], lead["contact_phone_e164"]) == (number, e164)


async def test_an_empty_number_is_passed_over_and_none_is_none(normal: Any) -> None:
    given = await normal("contacts", phones("  ", " 8 912 345-67-89 "))
    without = await normal("contacts", {"PHONE": None, "EMAIL": []})

    assert (given["phone"], given["phone_e164"]) == ("8 912 345-67-89", "+79123456789")
    assert (without["phone"], without["phone_e164"], without["email"]) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "last", "full"),
    [("Анна", "Ким", "Анна Ким"), ("Анна", "", "Анна"), ("", "Ким", "Ким"), (None, None, None)],
)
async def test_a_contact_is_called_by_both_names(normal: Any, name: Any, last: Any, full: Any) -> None:
    assert (await normal("contacts", {"NAME": name, "LAST_NAME": last}))["name"] == full


@pytest.mark.parametrize(
    ("semantics", "converted"), [("S", "true"), ("P", "false"), ("F", "false"), (None, None), ("", None)]
)
async def test_a_lead_is_converted_by_the_meaning_of_its_status(
    normal: Any, semantics: Any, converted: Any
) -> None:
    lead = await normal("leads", {"STATUS_ID": "UC_ANY", "STATUS_SEMANTIC_ID": semantics})

    assert (lead["status"], lead["converted"]) == ("UC_ANY", converted)


@pytest.mark.parametrize(
    ("type_id", "provider", "kind"),
    [
        ("1", "CRM_MEETING", "meeting"),
        ("2", "VOXIMPLANT_CALL", "call"),
        ("3", "TASKS", "task"),
        ("4", "CRM_EMAIL", "email"),
        ("6", "CRM_TODO", "task"),
        ("6", "CRM_CALL_TRACKER", "call"),
        ("6", "IMOPENLINES_SESSION", "other"),
        ("6", None, "other"),
        ("0", "", "other"),
        ("77", "CRM_EMAIL", "email"),
    ],
)
async def test_kinds_of_activities(normal: Any, type_id: str, provider: Any, kind: str) -> None:
    activity = await normal("activities", {"TYPE_ID": type_id, "PROVIDER_ID": provider})

    assert (activity["type"], activity["provider"]) == (kind, provider or None)


@pytest.mark.parametrize(("raw", "way"), [("0", None), ("1", "in"), ("2", "out"), (None, None)])
async def test_directions_of_activities(normal: Any, raw: Any, way: Any) -> None:
    assert (await normal("activities", {"DIRECTION": raw}))["direction"] == way


async def test_an_activity_belongs_to_its_owner_and_to_all_it_is_bound_to(normal: Any) -> None:
    bound = [
        ("2", "15"),
        ("1", "7"),
        ("3", "84"),
        ("3", "85"),
        ("4", "9"),
        ("31", "5"),
        ("177", "3"),
        ("x", "1"),
    ]
    activity = await normal(
        "activities",
        {
            "OWNER_TYPE_ID": "3",
            "OWNER_ID": "85",
            "BINDINGS": [{"OWNER_TYPE_ID": kind, "OWNER_ID": one} for kind, one in bound],
        },
    )

    assert {name: activity[name] for name in ("deal_id", "lead_id", "contact_id", "company_id")} == {
        "deal_id": "15",
        "lead_id": "7",
        "contact_id": "85",
        "company_id": "9",
    }


async def test_links_of_an_activity_name_every_record_once(worlds: Any) -> None:
    world = worlds(entity="activities")
    [id_] = world.add(1)
    bindings = [("3", 85), (2, "15"), ("2", "15"), ("177", "3"), ("31", "5"), ("2", "0"), (None, None)]
    world.change(
        id_,
        {"OWNER_TYPE_ID": "3", "OWNER_ID": "85"}
        | {"BINDINGS": [{"OWNER_TYPE_ID": kind, "OWNER_ID": one} for kind, one in bindings]},
    )
    source = world.connect()
    fields = (await source.survey(["activities"])).fields["activities"]
    [row] = rows_of(await read(source, [Span("activities", "all")]))
    values = {field.name: source.decoder(field)(row.get(field.key)) for field in fields}
    [links] = [one.within for one in source.entities["activities"].sets]

    assert links(values) == [
        {"entity": "contacts", "external_id": "85"},
        {"entity": "deals", "external_id": "15"},
        {"entity": "items_177", "external_id": "3"},
    ]


async def test_the_year_9999_is_no_deadline(normal: Any) -> None:
    never = await normal("activities", {"DEADLINE": "9999-12-31T00:00:00+03:00"})
    soon = await normal("activities", {"DEADLINE": "2026-11-25T18:00:00+03:00"})

    assert never["deadline_at"] is None
    assert soon["deadline_at"] == "2026-11-25T18:00:00+03:00"


@pytest.mark.parametrize(
    ("type_id", "end", "seconds"),
    [
        ("1", "2026-11-25T19:30:00+03:00", "5400"),
        ("1", "2026-11-25T16:30:00+01:00", "1800"),
        ("1", "2026-11-25T15:30:00+01:00", None),
        ("1", "", None),
        ("2", "2026-11-25T19:30:00+03:00", None),
    ],
)
async def test_only_a_meeting_is_planned_to_take_its_time(
    normal: Any, type_id: str, end: str, seconds: str | None
) -> None:
    given = {
        "TYPE_ID": type_id,
        "PROVIDER_ID": "",
        "START_TIME": "2026-11-25T18:00:00+03:00",
        "END_TIME": end,
    }

    assert (await normal("activities", given))["duration_seconds"] == seconds


@pytest.mark.parametrize(("raw", "way"), [("1", "out"), ("2", "in"), ("3", "in"), ("4", "out"), ("5", "out")])
async def test_directions_of_calls(normal: Any, raw: str, way: str) -> None:
    assert (await normal("calls", {"CALL_TYPE": raw}))["direction"] == way


@pytest.mark.parametrize(
    ("code", "answered"), [("200", "true"), ("304", "false"), ("603-S", "false"), ("OTHER", "false")]
)
async def test_a_call_is_answered_by_its_code(normal: Any, code: str, answered: str) -> None:
    call = await normal(
        "calls", {"CALL_FAILED_CODE": code, "PHONE_NUMBER": "998901234567", "CALL_DURATION": "95"}
    )

    assert (call["answered"], call["status_code"]) == (answered, code)
    assert (call["phone_e164"], call["duration_seconds"]) == ("+998901234567", "95")


@pytest.mark.parametrize(
    ("kind", "entity"),
    [("CONTACT", "contacts"), ("company", "companies"), ("LEAD", "leads"), ("ORDER", None), (None, None)],
)
async def test_whom_a_call_is_about(normal: Any, kind: Any, entity: Any) -> None:
    call = await normal("calls", {"CRM_ENTITY_TYPE": kind, "CRM_ENTITY_ID": "84", "CRM_ACTIVITY_ID": "0"})

    assert (call["entity"], call["record_id"], call["activity_id"]) == (entity, "84", None)


@pytest.mark.parametrize(("raw", "meaning"), [("P", "open"), ("S", "won"), ("F", "lost"), ("", None)])
async def test_what_an_entry_of_a_stage_history_means(normal: Any, raw: str, meaning: Any) -> None:
    deal = await normal(
        "deal_stage_history",
        {"OWNER_ID": "21", "STAGE_ID": "C1:NEW", "STAGE_SEMANTIC_ID": raw, "CATEGORY_ID": "1"},
    )
    lead = await normal(
        "lead_stage_history", {"OWNER_ID": "22", "STATUS_ID": "JUNK", "STATUS_SEMANTIC_ID": raw}
    )

    assert [deal[name] for name in ("entity", "external_id", "stage", "pipeline", "semantics")] == [
        "deals", "21", "C1:NEW", "1", meaning,
    ]  # fmt: skip
    assert [lead[name] for name in ("entity", "external_id", "stage", "semantics")] == [
        "leads",
        "22",
        "JUNK",
        meaning,
    ]


async def test_an_item_knows_its_process_and_its_parents(normal: Any) -> None:
    item = await normal(
        "items_177",
        {
            "STAGE_ID": "DT177_7:NEW",
            "PARENT_ID_2": "15",
            "PARENT_ID_1": None,
            "OPPORTUNITY": "300.50",
            "CONTACT_ID": "84",
        },
    )

    assert [item[name] for name in ("process", "stage", "deal_id", "lead_id", "value", "contact_id")] == [
        "177", "DT177_7:NEW", "15", None, "300.5", "84",
    ]  # fmt: skip


class TestUsers:
    async def test_people_are_read_with_department_phone_and_whether_they_work_there(
        self, world: Any
    ) -> None:
        oleg = world.portal.books.person(7)
        oleg.department, oleg.active, oleg.position, oleg.email = 15, False, "Инженер", "oleg@acme.example"
        source = world.connect()
        fields = (await source.survey(["users"])).fields["users"]
        rows = rows_of(await read(source, [Span("users", "all")]))
        normal = {}
        for row in rows:
            values = {field.name: source.decoder(field)(row.get(field.key)) for field in fields}
            taken = {one.column: one.take(values) for one in source.entities["users"].normal}
            normal[source.id_of("users", row)] = taken

        assert set(normal) == {"1", "7"}
        assert normal["7"] == {
            "name": "Олег Пак", "email": "oleg@acme.example", "phone": None, "phone_e164": None,
            "department": "15", "position": "Инженер", "active": "false",
        }  # fmt: skip
        assert normal["1"]["active"] == "true"

    @pytest.mark.parametrize(
        ("values", "phone", "e164"),
        [
            ({"WORK_PHONE": "8 912 345-67-89", "PERSONAL_MOBILE": "1"}, "8 912 345-67-89", "+79123456789"),
            ({"PERSONAL_MOBILE": "89123456789", "PERSONAL_PHONE": "1"}, "89123456789", "+79123456789"),
            ({"PERSONAL_PHONE": "внутренний"}, "внутренний", None),
            ({}, None, None),
        ],
    )
    def test_the_phone_at_work_goes_before_the_mobile_one(
        self, world: Any, values: dict[str, str], phone: Any, e164: Any
    ) -> None:
        taken = {one.column: one.take(values) for one in world.connect().entities["users"].normal}

        assert (taken["phone"], taken["phone_e164"]) == (phone, e164)

    @pytest.mark.parametrize(
        ("text", "department"), [("[15,3]", "15"), ("15", "15"), ("[]", None), ("false", None), (None, None)]
    )
    def test_the_first_department_counts(self, world: Any, text: Any, department: Any) -> None:
        taken = {
            one.column: one.take({"UF_DEPARTMENT": text}) for one in world.connect().entities["users"].normal
        }

        assert taken["department"] == department

    async def test_a_dismissed_person_is_still_here_and_what_is_of_the_moment_is_not(
        self, world: Any
    ) -> None:
        world.portal.books.people = [
            *world.portal.books.people,
            *(
                type(world.portal.books.people[0])(20 + at, f"Имя {at}", active=at % 2 == 0)
                for at in range(120)
            ),
        ]
        source = world.connect()

        pages = await read(source, [Span("users", "all")])
        fates = [answer async for answer in source.fates("users", ["1", "139", "9999"])]

        rows = rows_of(pages)
        assert len({row["ID"] for row in rows}) == len(rows) == 122
        assert not any({"IS_ONLINE", "LAST_ACTIVITY_DATE"} & set(row) for row in rows)
        assert {id: fate.value for answer in fates for id, fate in answer.fates.items()} == {
            "1": "here", "139": "here", "9999": "gone",
        }  # fmt: skip
