"""The mapping language beyond deals: one small company whose every section refers to another."""

import orjson
import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, built, filled
from headwater.sandbox.bitrix24.rest import Request, answer

MAPPING = """
currency = "UZS"

[lists]
SOURCE = [{ code = "EXPO", name = "Выставка" }, { code = "TG", name = "Telegram" }]
STATUS = [
    { code = "NEW", name = "New" },
    { code = "UC_TALKS", name = "Talks" },
    { code = "CONVERTED", name = "Good", semantics = "S" },
    { code = "JUNK", name = "Bad", semantics = "F" },
]

[people]
file = "staff.csv"
name = { column = "who" }
email = { column = "mail" }
active = { column = "works" }
department = [{ column = "branch" }, { column = "team" }]
manager = { column = "boss" }

[companies]
file = "clients.csv"
each = "client"
fields.TITLE = { column = "client" }
fields.PHONE = [{ column = "phone", split = ";" }, { column = "mobile", kind = "MOBILE" }]

[contacts]
file = "contacts.csv"
key = "code"
first_id = 100
fields.NAME = { column = "name" }
fields.EMAIL = { column = "mail" }
fields.COMPANY_IDS = { column = "works for", split = "+", ref = "companies" }
fields.BIRTHDATE = { column = "born" }
fields.UF_CRM_TAGS = { column = "tags", split = "," }
fields.UF_CRM_LIMIT = { column = "limit", decimal = "," }
fields.UF_CRM_VIP = { column = "vip" }
fields.UF_CRM_BOSS = { column = "chief", ref = "contacts" }
user_fields.UF_CRM_TAGS = { type = "enumeration", multiple = true, label = "Tags" }
user_fields.UF_CRM_LIMIT = { type = "money" }
user_fields.UF_CRM_VIP = { type = "boolean" }
user_fields.UF_CRM_BOSS = { type = "crm" }

[leads]
file = "leads.csv"
key = "n"
nulls = ["Select"]
fields.TITLE = { template = "{n}: {what}" }
fields.SOURCE_ID = { column = "from" }
fields.STATUS_ID = { column = "status" }
fields.DATE_CREATE = { column = "n", spread = { from = "2026-01-01", until = "2026-01-11" } }
fields.CONTACT_ID = { column = "whose", ref = "contacts", default = "" }

[leads.history]
file = "events.csv"
only = { of = ["lead"] }
record = { column = "n" }
stage = { column = "stage" }
at = { template = "{day} {time}", date = "%d.%m.%Y %H:%M" }

[[deals]]
file = "deals.csv"
only = { kind = ["old"] }
key = "n"
fields.TITLE = { column = "n" }
fields.COMPANY_ID = { column = "client", ref = "companies" }
fields.LEAD_ID = { column = "lead", ref = "leads" }
fields.DATE_CREATE = { column = "month", walk = { weekday = "day", from = "2025-12-01", until = "2026-06-30", hours = ["10:00", "12:00"] } }

[[deals]]
file = "deals.csv"
only = { kind = ["new"] }
key = "n"
first_id = 50
fields.TITLE = { column = "n" }
fields.COMPANY_ID = { column = "client", ref = "companies" }
fields.OPPORTUNITY = { column = "sum", decimal = "," }

[products]
file = "goods.csv"
key = "sku"
fields.NAME = { column = "title" }
fields.PRICE = { column = "price" }

[product_rows]
file = "sold.csv"
owner = { column = "deal", ref = "deals" }
fields.PRODUCT_ID = { column = "sku", ref = "products" }
fields.PRICE = { column = "price" }
fields.QUANTITY = { column = "n" }

[[activities]]
file = "calls.csv"
key = "call"
owner = { column = "deal", ref = "deals" }
bindings = [{ column = "who", ref = "contacts" }]
phone = { column = "number" }
fields.TYPE_ID = { constant = "2" }
fields.DIRECTION = { column = "way", map = { in = "1", out = "2" } }
fields.RESPONSIBLE_ID = { column = "agent", person = true }
fields.START_TIME = { column = "at" }
fields.END_TIME = { column = "at", plus = ["wait", "talk"] }

[[activities]]
file = "mails.csv"
owner = { column = "who", ref = "contacts" }
sender = { column = "from" }
receiver = { column = "to" }
fields.TYPE_ID = { constant = "4" }
fields.DIRECTION = { constant = "1" }
fields.SUBJECT = { column = "subject" }
fields.DESCRIPTION = { column = "body" }
fields.DESCRIPTION_TYPE = { constant = "3" }
fields.START_TIME = { column = "at" }

[calls]
file = "calls.csv"
owner = { column = "who", ref = "contacts" }
fields.PHONE_NUMBER = { column = "number" }
fields.CALL_TYPE = { column = "way", map = { in = "2", out = "1" } }
fields.CALL_DURATION = { column = "talk", duration = true, default = "0" }
fields.CALL_FAILED_CODE = { column = "talk", rename = { "" = "304" }, map = { "1:02:03" = "200", "45" = "200", "304" = "304" } }
fields.CALL_START_DATE = { column = "at" }
fields.PORTAL_USER_ID = { column = "agent", person = true }
fields.CRM_ACTIVITY_ID = { column = "call", ref = "activities" }

[comments]
file = "mails.csv"
owner = { column = "who", ref = "contacts" }
fields.COMMENT = { column = "subject" }
fields.CREATED = { column = "at" }
"""
FILES = {
    "staff.csv": "who,mail,works,branch,team,boss\nAnna Kim,a@x.uz,yes,North,A,Bobur Aliev\nDima Li,,no,North,B,\nBobur Aliev,,да,North,,\n",
    "clients.csv": 'client,phone,mobile\nZiyo,"712000000;712000001",998901112233\n"Roma, Ltd",,\nZiyo,1,2\n',
    "contacts.csv": 'code,name,mail,works for,born,tags,limit,vip,chief\nc1,Oleg,o@x.uz,"Roma, Ltd+Ziyo",05.03.1990,"vip, wholesale","1 200,50",Y,c2\nc2,Nodira,,Ziyo,,wholesale,,нет,\n',
    "leads.csv": "n,what,from,status,whose\n10,Pump,Telegram,,c2\n20,Site,Select,,nobody\n15,Desk,EXPO,Bad,\n",
    "events.csv": "of,n,stage,day,time\nlead,10,Talks,03.02.2026,10:00\nlead,10,NEW,02.02.2026,09:00\nother,99,x,,\nlead,10,UC_TALKS,04.02.2026,10:00\nlead,10,CONVERTED,05.02.2026,11:30\n",
    "deals.csv": 'n,kind,client,lead,month,day,sum\nd1,old,Ziyo,10,dec,mon,\nd2,old,,,dec,Mon,\nd3,new,"Roma, Ltd",,,,"1.000,50"\nd4,old,Ziyo,,jan,fri,\nd5,new,Ziyo,,,,7\n',
    "goods.csv": "sku,title,price\ng1,Pump,100.5\ng2,Hose,9\n",
    "sold.csv": "deal,sku,price,n\nd1,g1,100.5,2\nd1,g2,9,1\nd3,g1,1000.50,1\nd5,g2,9,1\n",
    "calls.csv": "call,deal,who,number,way,agent,at,wait,talk\nk1,d1,c1,+998901112233,in,Anna Kim,2026-03-01 10:00:00,5,1:02:03\nk2,d3,,,out,Dima Li,2026-03-02 10:00:00,,\nk3,d1,c2,8 90 111,out,New Man,2026-03-03 10:00:00,0:10,45\n",
    "mails.csv": 'who,from,to,subject,body,at\nc1,o@x.uz,a@x.uz,Offer,"<p>Hi,\n""you""</p>",2026-04-01T08:00:00+05:00\n',
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "map.toml").write_text(MAPPING)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def company(folder):
    made = built(Options(fill=folder / "map.toml", virtual=True, code="admin", limits=False))
    yield made
    made.close()


def rows(portal, entity):
    return {row["ID"]: row for row in portal.truth(entity)}


def activities(portal):
    several = told(
        portal, "crm.activity.list", order={"ID": "ASC"}, select=["*", "BINDINGS", "COMMUNICATIONS"]
    )
    return {row["ID"]: row for row in several}


def told(portal, method, **params):
    user = str(portal.books.webhooks[0].user_id)
    asked = Request(user, "admin", method, params, client="10.0.0.1", path=f"/rest/{user}/admin/{method}")
    return orjson.loads(answer(portal, asked).body)["result"]


def test_people_stand_in_their_departments_under_their_heads(company):
    users = {f"{row['NAME']} {row['LAST_NAME']}": row for row in told(company, "user.get")}
    departments = {row["NAME"]: row for row in told(company, "department.get")}

    assert set(departments) == {"Headwater", "North", "A", "B"}
    assert departments["A"]["PARENT"] == departments["B"]["PARENT"] == departments["North"]["ID"]
    assert departments["North"]["PARENT"] == "1"
    assert users["Anna Kim"]["UF_DEPARTMENT"] == [int(departments["A"]["ID"])]
    assert departments["A"]["UF_HEAD"] == users["Bobur Aliev"]["ID"]
    assert users["Bobur Aliev"]["UF_DEPARTMENT"] == [int(departments["North"]["ID"])]
    assert users["Anna Kim"]["EMAIL"] == "a@x.uz"
    assert [users[name]["ACTIVE"] for name in ("Anna Kim", "Dima Li", "Bobur Aliev")] == [True, False, True]
    assert users["New Man"]["UF_DEPARTMENT"] == [1]  # named by a call only


def test_a_company_is_the_first_line_of_its_name_with_all_its_phones(company):
    companies = rows(company, "company")

    assert [one["TITLE"] for one in companies.values()] == ["Ziyo", "Roma, Ltd"]
    assert [(one["VALUE_TYPE"], one["VALUE"]) for one in companies["1"]["PHONE"]] == [
        ("WORK", "712000000"),
        ("WORK", "712000001"),
        ("MOBILE", "998901112233"),
    ]
    assert (companies["1"]["HAS_PHONE"], companies["2"]["HAS_PHONE"]) == ("Y", "N")
    assert "PHONE" not in companies["2"]


def test_a_contact_works_for_several_companies_and_has_values_of_every_form(company):
    contacts = rows(company, "contact")
    items = told(company, "crm.contact.company.items.get", id=100)
    listed = told(company, "crm.contact.userfield.list", filter={"FIELD_NAME": "UF_CRM_TAGS"})[0]["LIST"]
    options = {one["VALUE"]: int(one["ID"]) for one in listed}

    assert list(contacts) == ["100", "101"]
    assert [(one["COMPANY_ID"], one["IS_PRIMARY"]) for one in items] == [(2, "Y"), (1, "N")]
    assert contacts["100"]["BIRTHDATE"] == "1990-03-05T03:00:00+03:00"
    assert contacts["100"]["UF_CRM_TAGS"] == [options["vip"], options["wholesale"]]
    assert contacts["101"]["UF_CRM_TAGS"] == [options["wholesale"]]
    assert (contacts["100"]["UF_CRM_LIMIT"], contacts["101"]["UF_CRM_LIMIT"]) == ("1200.50|UZS", "")
    assert (contacts["100"]["UF_CRM_VIP"], contacts["101"]["UF_CRM_VIP"]) == ("1", "0")
    assert contacts["100"]["UF_CRM_BOSS"] == "C_101"  # several kinds are allowed, and it lies further down


def test_leads_have_entries_of_the_lists_by_code_or_name_and_dates_from_their_numbers(company):
    leads = rows(company, "lead")

    assert [one["SOURCE_ID"] for one in leads.values()] == ["TG", None, "EXPO"]
    assert [one["STATUS_ID"] for one in leads.values()] == ["CONVERTED", "NEW", "JUNK"]
    assert [one["CONTACT_ID"] for one in leads.values()] == ["101", None, None]
    assert [one["DATE_CREATE"][:10] for one in leads.values()] == ["2026-01-01", "2026-01-11", "2026-01-06"]
    assert leads["3"]["DATE_CLOSED"] == leads["3"]["MOVED_TIME"]
    assert [one["STATUS_ID"] for one in told(company, "crm.status.list", filter={"ENTITY_ID": "SOURCE"})] == [
        "EXPO",
        "TG",
    ]


def test_a_told_history_is_kept_in_order_and_ends_where_the_record_stands(company):
    history = told(company, "crm.stagehistory.list", entityTypeId=1, filter={"OWNER_ID": 1})["items"]

    assert [(one["STATUS_ID"], one["TYPE_ID"], one["CREATED_TIME"]) for one in history] == [
        ("NEW", 1, "2026-02-02T09:00:00+03:00"),
        ("UC_TALKS", 2, "2026-02-03T10:00:00+03:00"),
        ("CONVERTED", 3, "2026-02-05T11:30:00+03:00"),
    ]
    lead = rows(company, "lead")["1"]
    assert (lead["MOVED_TIME"], lead["DATE_MODIFY"]) == (history[-1]["CREATED_TIME"],) * 2
    steps = told(company, "crm.stagehistory.list", entityTypeId=1, filter={"OWNER_ID": 3})["items"]
    assert [one["STATUS_ID"] for one in steps] == ["NEW", "JUNK"]


def test_months_and_weekdays_become_days_in_the_order_of_the_lines(company):
    deals = rows(company, "deal")

    assert list(deals) == ["1", "2", "3", "50", "51"]
    assert [deals[one]["DATE_CREATE"] for one in ("1", "2", "3")] == [
        "2025-12-01T10:00:00+03:00",
        "2025-12-01T11:00:00+03:00",
        "2026-01-02T10:00:00+03:00",
    ]
    assert deals["1"]["LEAD_ID"] == "1"
    assert [one["COMPANY_ID"] for one in deals.values()] == ["1", None, "1", "2", "1"]


def test_amounts_follow_from_the_rows_or_are_manual(company):
    deals = rows(company, "deal")
    amounts = {key: (one["OPPORTUNITY"], one["IS_MANUAL_OPPORTUNITY"]) for key, one in deals.items()}
    sold = told(company, "crm.deal.productrows.get", id=1)

    assert amounts == {
        "1": ("210.00", "N"),
        "2": ("0.00", "N"),
        "3": ("0.00", "N"),
        "50": ("1000.50", "N"),
        "51": ("7.00", "Y"),
    }
    assert [(one["PRODUCT_ID"], one["PRODUCT_NAME"], one["PRICE"], one["QUANTITY"]) for one in sold] == [
        (1, "Pump", 100.5, 2),
        (2, "Hose", 9, 1),
    ]
    assert {deal["CURRENCY_ID"] for deal in deals.values()} == {"UZS"}


def test_calls_and_their_activities_belong_together(company):
    done, calls = activities(company), rows(company, "call")
    anna = next(person.id for person in company.books.people if person.name == "Anna")

    assert [one["CRM_ACTIVITY_ID"] for one in calls.values()] == ["1", "2", "3"]
    assert [one["CALL_DURATION"] for one in calls.values()] == ["3723", "0", "45"]
    assert [one["CALL_FAILED_REASON"] for one in calls.values()] == ["", "Missed call", ""]
    assert (calls["1"]["CRM_ENTITY_TYPE"], calls["1"]["CRM_ENTITY_ID"]) == ("CONTACT", "100")
    assert (calls["2"]["CRM_ENTITY_TYPE"], calls["2"]["CRM_ENTITY_ID"]) == (None, None)
    assert calls["1"]["PORTAL_USER_ID"] == done["1"]["RESPONSIBLE_ID"] == str(anna)
    first = done["1"]
    assert (first["OWNER_TYPE_ID"], first["OWNER_ID"], first["DIRECTION"]) == ("2", "1", "1")
    assert first["BINDINGS"] == [
        {"OWNER_TYPE_ID": "2", "OWNER_ID": "1"},
        {"OWNER_TYPE_ID": "3", "OWNER_ID": "100"},
    ]
    assert first["END_TIME"] == "2026-03-01T11:02:08+03:00"
    assert (first["PROVIDER_ID"], first["COMPLETED"], first["STATUS"]) == ("VOXIMPLANT_CALL", "Y", "2")
    reached = first["COMMUNICATIONS"][0]
    assert (reached["TYPE"], reached["VALUE"], reached["ENTITY_ID"]) == ("PHONE", "+998901112233", "100")
    assert done["2"]["COMMUNICATIONS"] == []
    mine = told(company, "crm.activity.list", filter={"OWNER_TYPE_ID": 2, "OWNER_ID": 1})
    assert [one["ID"] for one in mine] == ["1", "3"]


def test_an_email_has_its_addresses_and_its_body(company):
    mail = activities(company)["4"]

    assert mail["SETTINGS"]["EMAIL_META"]["from"] == "o@x.uz"
    assert mail["SETTINGS"]["EMAIL_META"]["__email"] == mail["SETTINGS"]["EMAIL_META"]["to"] == "a@x.uz"
    assert mail["COMMUNICATIONS"][0]["VALUE"] == "o@x.uz"
    assert mail["DESCRIPTION"] == '<p>Hi,\n"you"</p>'
    assert mail["START_TIME"] == "2026-04-01T06:00:00+03:00"  # the portal's zone
    [comment] = told(
        company, "crm.timeline.comment.list", filter={"ENTITY_ID": 100, "ENTITY_TYPE": "contact"}
    )
    assert comment["COMMENT"] == "Offer"


def test_what_was_done_last_is_the_last_activity(company):
    deals, contacts = rows(company, "deal"), rows(company, "contact")

    assert deals["1"]["LAST_ACTIVITY_TIME"] == "2026-03-03T10:00:00+03:00"
    assert deals["2"]["LAST_ACTIVITY_TIME"] == deals["2"]["DATE_MODIFY"]
    assert contacts["100"]["LAST_ACTIVITY_TIME"] >= "2026-04-01T06:00:00+03:00"


def test_every_section_fills_what_it_says(company):
    counted = {name: company.store.count(table) for name, table in company.tables.items()}

    assert {name: count for name, count in counted.items() if count} == {
        "lead": 3, "deal": 5, "contact": 2, "company": 2, "lead_stages": 6, "deal_stages": 5,
        "activity": 4, "comment": 1, "call": 3, "product": 2, "productrow": 4,
    }  # fmt: skip


def test_the_base_currency_is_worth_one_and_the_others_in_proportion(company):
    rows = {one["CURRENCY"]: one for one in told(company, "crm.currency.list")}

    assert (rows["UZS"]["AMOUNT"], rows["UZS"]["BASE"]) == ("1.0000", "Y")
    assert (rows["RUB"]["AMOUNT"], rows["RUB"]["BASE"]) == ("142.8571", "N")
    assert {one["BASE"] for code, one in rows.items() if code != "UZS"} == {"N"}


def test_a_filled_portal_goes_on_working(company):
    added = told(company, "crm.contact.add", fields={"NAME": "New", "PHONE": [{"VALUE": "1"}]})
    company.work(20)

    assert added == 102
    assert company.get(added, "contact")["PHONE"][0]["ID"] == "5"  # after the four there were


def test_a_filled_portal_survives_its_restart(folder):
    options = Options(fill=folder / "map.toml", store=folder / "portal.db", virtual=True)
    first = built(options)
    kept = {name: list(first.truth(name)) for name in first.tables}
    first.close()
    again = built(options)

    assert {name: list(again.truth(name)) for name in again.tables} == kept
    again.close()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("deals.csv", "old,Ziyo,10", "old,Zyio,10", "deals.csv, line 2, column client: 'Zyio' is the key of none of the companies"),
        ("deals.csv", "d2,old", "d1,old", "deals.csv, line 3, column n: 'd1' is the key of deals.csv, line 2 too"),
        ("deals.csv", "jan,fri", "nov,fri", "line 5, column month: no fri in nov is left until 2026-06-30; are the lines"),
        ("deals.csv", "jan,fri", "smarch,fri", "'smarch' and 'fri' are no month and weekday"),
        ("leads.csv", "Site,Select", "Site,Radio", "leads.csv, line 3, column from: 'Radio' is not in the list SOURCE (EXPO, TG)"),
        ("leads.csv", "20,Site", "2x,Site", "leads.csv, line 3, column n: '2x' is no number that could say when"),
        ("events.csv", "lead,10,Talks", "lead,11,Talks", "events.csv, line 2, column n: '11' is the key of none of the leads"),
        ("events.csv", "UC_TALKS", "GONE", "events.csv, line 5, column stage: 'GONE' is not in the list STATUS"),
        ("events.csv", "05.02.2026", "5th", "events.csv, line 6: '5th 11:30' is no date of the form %d.%m.%Y %H:%M"),
        ("leads.csv", "Pump,Telegram,", "Pump,Telegram,Bad", "events.csv, line 6, column stage: its record stands at JUNK but came to CONVERTED last"),
        ("calls.csv", "1:02:03", "an hour", "calls.csv, line 2, column talk: 'an hour' is no duration such as 1:02:03"),
        ("contacts.csv", ",Y,c2", ",maybe,c2", "contacts.csv, line 2, column vip: 'maybe' is neither yes nor no"),
        ("contacts.csv", "05.03.1990", "long ago", "column born: 'long ago' is no date"),
        ("contacts.csv", "1 200,50", "lots", "column limit: 'lots' is no number for UF_CRM_LIMIT"),
        ("contacts.csv", "1 200,50", "1e999999", "column limit: '1e999999' is no number"),
        ("sold.csv", "d1,g2", ",g2", "sold.csv, line 3, column deal: it belongs to nobody"),
        ("staff.csv", "North,B,", "North,A,Dima Li", "staff.csv, line 3, column boss: A is led by Bobur Aliev already"),
        ("staff.csv", "Dima Li,", "Anna Kim,", "staff.csv, line 3, column who: 'Anna Kim' is there twice"),
        ("staff.csv", "who,mail,", "who,who,", "staff.csv, line 1: two columns are called 'who'"),
        ("goods.csv", "g1,Pump", 'g1,"Pump"x"', "goods.csv, line 2: no CSV (',' expected after '\"'); mend its quotes"),
        ("map.toml", 'key = "sku"', 'step = 1', "PRODUCT_ID: no products have a key"),
        ("map.toml", 'each = "client"', 'each = "klient"', "line 23, each: clients.csv, line 1, has no column klient"),
        ("map.toml", 'ref = "contacts", default = ""', 'ref = "companies", default = ""', "line 52, CONTACT_ID: CONTACT_ID refers to contacts, not to companies"),
        ("map.toml", 'owner = { column = "deal", ref = "deals" }\nfields', 'owner = { column = "deal", ref = "contacts" }\nfields', "owner: say whose it is with `ref`, one of leads, deals"),
        ("map.toml", 'owner = { column = "deal", ref = "deals" }\nfields', 'fields', "product_rows need an `owner`"),
        ("map.toml", 'fields.TYPE_ID = { constant = "4" }\n', "", "activities need a field TYPE_ID"),
        ("goods.csv", "g2,Hose", "g2,", "goods.csv, line 3, column title: products need a NAME"),
        ("map.toml", 'fields.NAME = { column = "name" }', "fields.NAME = []", "line 31, contacts.fields.NAME: List should have at least 1 item"),
        ("map.toml", 'UF_CRM_BOSS = { type = "crm" }', 'UF_CRM_BOSS = { type = "crm", settings = { CONTACT = "N" } }', "UF_CRM_BOSS may not refer to contacts"),
        ("map.toml", "first_id = 50", "first_id = 3", "deals.csv, line 4: its id 3 is also that of deals.csv, line 5; give another"),
        ("map.toml", "[lists]\n", "[lists]\nCOLOURS = []\n", "line 5, COLOURS: there is no list COLOURS; there are COMPANY_TYPE"),
        ("map.toml", 'code = "TG"', 'code = "EXPO"', "line 5, SOURCE: the code EXPO is there twice"),
        ("map.toml", 'fields.PRICE = { column = "price" }\nfields.Q', 'fields.PRICE_NETTO = { column = "price" }\nfields.Q', "product_rows have no field PRICE_NETTO"),
        ("map.toml", 'fields.TITLE = { column = "client" }', 'fields.TITLE = { column = "client", person = true }', "line 24, TITLE: `person` goes with fields of other types"),
        ("map.toml", 'fields.TITLE = { column = "client" }', 'fields.TITLE = [{ column = "client" }, { column = "phone" }]', "TITLE has one value; join columns"),
        ("map.toml", 'fields.BIRTHDATE = { column = "born" }', 'fields.BIRTHDATE = { column = "born", split = "," }', "`split` goes with fields of several values"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_and_leaves_the_portal_as_it_was(folder, portal, file, old, new, said):
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    books, deals = portal.books.dump(), list(portal.truth())

    with pytest.raises(NeedsPerson) as wrong:
        filled(portal, folder / "map.toml", folder)

    assert said in str(wrong.value)
    assert portal.books.dump() == books
    assert list(portal.truth()) == deals
