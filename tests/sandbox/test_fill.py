from pathlib import Path

import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, Portal, PortalClock, built, filled, found

MAPPING = """
currency = "USD"

[[pipelines]]
id = 3
name = "Sales"
stages = [{ code = "NEW", name = "New" }, { code = "WON", name = "Won", semantics = "S" }]

[deals.user_fields.UF_CRM_CITY]
type = "string"
label = "City"

[deals.user_fields.UF_CRM_SIZE]
type = "enumeration"
options = ["small", "large"]

[deals]
file = "deals.csv"
first_id = 10
step = 5

[deals.fields]
TITLE = { template = "{client}: {what}" }
CATEGORY_ID = { constant = "3" }
STAGE_ID = { column = "state", map = { open = "C3:NEW", done = "C3:WON" } }
OPPORTUNITY = { column = "sum", default = "0" }
ASSIGNED_BY_ID = { column = "seller", person = true }
DATE_CREATE = { column = "made", date = "%d.%m.%Y" }
UF_CRM_CITY = { column = "client", join = { file = "clients.csv", key = "name", take = "city" }, default="" }
UF_CRM_SIZE = { column = "size" }
"""
DEALS = """client,what,state,sum,seller,made,size
"Roma, Ltd",Pumps,open,,Anna Kim,03.02.2026,small
Ziyo,CRM / setup,done,1200.5,Bobur Aliev,04.02.2026,large
Ziyo,Support,done,90,Anna Kim,05.02.2026,
"""
CLIENTS = "name,city\nZiyo,Buxoro\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "map.toml").write_text(MAPPING)
    (tmp_path / "deals.csv").write_text(DEALS)
    (tmp_path / "clients.csv").write_text(CLIENTS)
    return tmp_path


@pytest.fixture
def empty(portal):
    made = Portal(found(1, code="x"), clock=PortalClock(portal.clock.now()))
    yield made
    made.close()


def test_a_mapping_fills_a_portal(folder, empty):
    counts = filled(empty, folder / "map.toml", folder)

    first, second, third = empty.truth()
    assert counts == {"deals": 3}
    assert [deal["ID"] for deal in (first, second, third)] == ["10", "15", "20"]
    assert (first["TITLE"], first["OPPORTUNITY"], first["CURRENCY_ID"]) == ("Roma, Ltd: Pumps", "0.00", "USD")
    assert (second["STAGE_ID"], second["STAGE_SEMANTIC_ID"], second["CLOSED"]) == ("C3:WON", "S", "Y")
    assert second["DATE_CREATE"] == second["DATE_MODIFY"] == "2026-02-04T00:00:00+03:00"
    assert (first["UF_CRM_CITY"], second["UF_CRM_CITY"]) == ("", "Buxoro")
    assert (first["UF_CRM_SIZE"], second["UF_CRM_SIZE"], third["UF_CRM_SIZE"]) == ("7001", "7003", "")
    assert first["ASSIGNED_BY_ID"] == third["ASSIGNED_BY_ID"] != second["ASSIGNED_BY_ID"]
    assert [(p.id, p.name, p.last_name) for p in empty.books.people[1:]] == [
        (2, "Anna", "Kim"),
        (3, "Bobur", "Aliev"),
    ]


def test_mapped_deals_went_from_the_first_stage_to_where_they_stand(folder, empty):
    filled(empty, folder / "map.toml", folder)

    steps = [(step["OWNER_ID"], step["TYPE_ID"], step["STAGE_ID"]) for step in empty.truth("deal_stages")]
    assert steps == [
        (10, 1, "C3:NEW"),
        (15, 1, "C3:NEW"),
        (15, 3, "C3:WON"),
        (20, 1, "C3:NEW"),
        (20, 3, "C3:WON"),
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("deals.csv", "Ziyo,Support,done", "Ziyo,Support,lost", "deals.csv, line 4, column state: 'lost'"),
        ("deals.csv", "1200.5", "a lot", "line 3, column sum: 'a lot' is no number for OPPORTUNITY"),
        ("deals.csv", "05.02.2026", "2026-02-05", "line 4, column made: '2026-02-05' is no date"),
        ("deals.csv", "small", "tiny", "line 2, column size: 'tiny' is no option"),
        ("deals.csv", "Ziyo,Support", "Ziyo,Su,pport", "line 4: 8 cells under 7 columns; quote"),
        ("deals.csv", ",state,", ",status,", "line 25, STAGE_ID: deals.csv, line 1, has no"),
        ("map.toml", ', default="" }', " }", "line 2, column client: 'Roma, Ltd' is in no"),
        ("map.toml", "OPPORTUNITY =", "OPORTUNITY =", "line 26, OPORTUNITY: deals have no field"),
        ("map.toml", 'key = "name"', 'key = "nom"', "clients.csv, line 1, has no column nom; it has"),
        ("map.toml", 'semantics = "S"', 'semantics = "W"', "line 7, pipelines.0.stages.1.semantics"),
        ("map.toml", "person = true", "persn = true", "line 27, deals.fields.ASSIGNED_BY_ID.persn"),
        ("map.toml", 'constant = "3"', 'constant = "3", column = "sum"', "exactly one of constant"),
        ("map.toml", "[deals]", "[deals", "map.toml: not readable as TOML"),
        ("map.toml", "deals.csv", "leads.csv", "leads.csv: cannot be read"),
        ("map.toml", 'type = "enumeration"', 'type = "enum"', "line 13, UF_CRM_SIZE: custom fields"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_its_place_and_remedy(folder, empty, file, old, new, said):
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))

    with pytest.raises(NeedsPerson) as told:
        filled(empty, folder / "map.toml", folder)
    assert said in str(told.value)
    assert empty.store.count(empty.deals) == 0


def test_a_portal_started_with_a_mapping_has_only_the_fields_of_the_mapping(folder):
    made = built(Options(fill=folder / "map.toml", virtual=True))

    assert [one.name for one in made.books.user_fields] == ["UF_CRM_CITY", "UF_CRM_SIZE"]
    assert len(list(made.truth())) == 3
    made.close()


EXAMPLE = {
    "clients.csv": 'name,phone\nZiyo,"+998901112233; 712000000"\n',
    "orders.csv": 'number,client,state,made,amount,seller\nA-1,Ziyo,paid,20.11.2026,"1 200,50",Anna Kim\nA-2,,open,21.11.2026,,Dima\n',
    "calls.csv": "order,seller,at,seconds\nA-2,Dima,2026-11-21 10:00:00,95\nA-2,Dima,2026-11-22 10:00:00,0\n",
    "staff.csv": "who,office,team,boss\nAnna Kim,North,A,Bobur\n",
    "moves.csv": "number,to,when\nA-1,paid,23.11.2026 09:00\nA-1,open,20.11.2026 12:00\n",
}  # fmt: skip


def test_the_example_of_the_documentation_works(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    section = page[page.index("## Filling it from CSV files") : page.index("### Mappings that come along")]
    lines = [line[4:] for line in section.splitlines() if line.startswith("    ") or not line]
    mapping = "\n".join(line for line in lines if not line.startswith("headwater "))
    (tmp_path / "orders.toml").write_text(mapping)
    for name, text in EXAMPLE.items():
        (tmp_path / name).write_text(text)
    made = built(Options(fill=tmp_path / "orders.toml", virtual=True))

    first, second = made.truth()
    calls, steps = list(made.truth("call")), list(made.truth("deal_stages"))
    assert (first["STAGE_ID"], first["OPPORTUNITY"], first["CURRENCY_ID"]) == ("C3:WON", "1200.50", "UZS")
    assert (first["COMPANY_ID"], second["COMPANY_ID"]) == ("1", None)
    assert (first["MOVED_TIME"], second["STAGE_ID"]) == ("2026-11-23T09:00:00+03:00", "C3:NEW")
    assert [(step["OWNER_ID"], step["STAGE_ID"]) for step in steps] == [
        (1, "C3:NEW"),
        (2, "C3:NEW"),
        (1, "C3:WON"),
    ]
    assert [call["CALL_DURATION"] for call in calls] == ["95", "0"]
    assert made.get(int(calls[0]["CRM_ACTIVITY_ID"]), "activity")["END_TIME"] == "2026-11-21T10:01:35+03:00"
    assert [(one.name, one.last_name) for one in made.books.people[1:]] == [
        ("Anna", "Kim"),
        ("Bobur", ""),
        ("Dima", ""),
    ]
    assert [one.name for one in made.books.departments] == ["Headwater", "North", "A"]
    assert [one.code for one in made.books.entries("SOURCE")] == ["TG", "SITE"]
    made.close()
