"""Real data sets as portals: what the portal's own methods answer adds up to the files."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
import pytest

from headwater.cli.sandbox import mapping
from headwater.sandbox.bitrix24 import Options, Portal, built
from headwater.sandbox.bitrix24.rest import Request, answer

Line = dict[str, str]


@pytest.fixture(scope="class")
def portal(request: pytest.FixtureRequest, folder: Path) -> Iterator[Portal]:
    """A portal that is filled from them."""
    mapped = mapping(request.cls.name, folder)
    made = built(Options(fill=mapped, data=folder, virtual=True, code="admin", limits=False))
    yield made
    made.close()


def lines(path: Path, delimiter: str = ",") -> list[Line]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def asked(portal: Portal, method: str, **params: Any) -> dict[str, Any]:
    user = str(portal.books.webhooks[0].user_id)
    request = Request(user, "admin", method, params, client="10.0.0.1", path=f"/rest/{user}/admin/{method}")
    read: dict[str, Any] = orjson.loads(answer(portal, request).body)
    assert "error" not in read, read
    return read


def total(portal: Portal, method: str, **given: Any) -> int:
    return int(asked(portal, method, filter=given)["total"])


def people(portal: Portal) -> dict[str, str]:
    """Names of the staff by id."""
    found, start = {}, 0
    while start is not None:
        page = asked(portal, "user.get", start=start)
        found |= {row["ID"]: f"{row['NAME']} {row['LAST_NAME']}".strip() for row in page["result"]}
        start = page.get("next")
    return found


def options(portal: Portal, entity: str, field: str) -> dict[str, str]:
    """Labels of an enumeration's options by id."""
    rows = asked(portal, f"crm.{entity}.userfield.list", filter={"FIELD_NAME": field})["result"]
    return {one["ID"]: one["VALUE"] for one in rows[0]["LIST"]}


class TestMaven:
    name = "crm_maven"

    @pytest.fixture(scope="class")
    @classmethod
    def won(cls, folder):
        return [line for line in lines(folder / "sales_pipeline.csv") if line["deal_stage"] == "Won"]

    def test_stages_and_agents_are_those_of_the_file(self, portal, folder):
        file = lines(folder / "sales_pipeline.csv")
        codes = {"Prospecting": "NEW", "Engaging": "EXECUTING", "Won": "WON", "Lost": "LOSE"}
        names = people(portal)

        stages = Counter(line["deal_stage"] for line in file)
        assert {name: total(portal, "crm.deal.list", STAGE_ID=code) for name, code in codes.items()} == stages
        counted = Counter((names[deal["ASSIGNED_BY_ID"]], deal["STAGE_ID"]) for deal in portal.truth())
        assert counted == Counter((line["sales_agent"], codes[line["deal_stage"]]) for line in file)
        assert len({deal["ORIGIN_ID"] for deal in portal.truth()}) == 8_800

    def test_amounts_are_those_of_the_file_to_the_cent(self, portal, folder):
        worth = {line["opportunity_id"]: line["close_value"] for line in lines(folder / "sales_pipeline.csv")}
        found = {deal["ORIGIN_ID"]: deal["OPPORTUNITY"] for deal in portal.truth()}

        assert found == {key: f"{Decimal(value or 0):.2f}" for key, value in worth.items()}

    def test_accounts_are_companies_and_deals_theirs(self, portal, folder):
        accounts = lines(folder / "accounts.csv")
        companies = {row["ID"]: row for row in portal.truth("company")}
        industries = asked(portal, "crm.status.list", filter={"ENTITY_ID": "INDUSTRY"})["result"]
        sectors = {one["STATUS_ID"]: one["NAME"] for one in industries}

        assert {
            (row["TITLE"], sectors[row["INDUSTRY"]], Decimal(row["REVENUE"]), row["UF_CRM_EMPLOYEES"])
            for row in companies.values()
        } == {(a["account"], a["sector"], Decimal(a["revenue"]), a["employees"]) for a in accounts}
        parents = {row["TITLE"]: row["UF_CRM_PARENT"] for row in companies.values()}
        assert {name: companies[one]["TITLE"] if one else "" for name, one in parents.items()} == {
            a["account"]: a["subsidiary_of"] for a in accounts
        }
        theirs = Counter(
            companies[deal["COMPANY_ID"]]["TITLE"] if deal["COMPANY_ID"] else "" for deal in portal.truth()
        )
        assert theirs == Counter(line["account"] for line in lines(folder / "sales_pipeline.csv"))

    def test_a_won_deal_has_its_product_at_its_amount(self, portal, won):
        deals = {deal["ID"]: deal for deal in portal.truth()}
        products = {row["ID"]: row["NAME"] for row in portal.truth("product")}
        sold: dict[str, Decimal] = defaultdict(Decimal)
        for row in portal.truth("productrow"):
            deal = deals[str(row["OWNER_ID"])]
            if deal["STAGE_ID"] == "WON":
                sold[products[str(row["PRODUCT_ID"])]] += Decimal(str(row["PRICE"]))
                assert Decimal(str(row["PRICE"])) == Decimal(deal["OPPORTUNITY"])
                assert deal["IS_MANUAL_OPPORTUNITY"] == "N"

        wanted: dict[str, Decimal] = defaultdict(Decimal)
        for line in won:
            wanted[line["product"].replace("GTXPro", "GTX Pro")] += Decimal(line["close_value"])
        assert sold == wanted
        assert len(products) == 7

    def test_an_open_deal_has_its_product_at_the_list_price_and_no_amount(self, portal, folder):
        prices = {line["product"]: line["sales_price"] for line in lines(folder / "products.csv")}
        open_ = [deal for deal in portal.truth() if deal["STAGE_SEMANTIC_ID"] == "P"]
        rows = {row["OWNER_ID"]: row for row in portal.truth("productrow")}

        assert len(open_) == 2_089
        for deal in open_:
            row = rows[int(deal["ID"])]
            assert str(row["PRICE"]) == prices[row["PRODUCT_NAME"]]
            assert (deal["OPPORTUNITY"], deal["IS_MANUAL_OPPORTUNITY"]) == ("0.00", "Y")
        assert len(rows) == 4_238 + 2_089

    def test_agents_are_in_the_teams_of_their_managers(self, portal, folder):
        departments = {row["ID"]: row for row in asked(portal, "department.get")["result"]}
        names, found = people(portal), set()
        for person in portal.books.people:
            team = departments[str(person.department)]
            if person.position == "Sales agent":
                office = departments[team["PARENT"]]["NAME"]
                found.add((names[str(person.id)], names[team["UF_HEAD"]], office))

        assert found == {tuple(line.values()) for line in lines(folder / "sales_teams.csv")}
        assert len(departments) == 1 + 3 + 6


class TestEducation:
    name = "leads_x_education"

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls, folder):
        return lines(folder / "leads.csv")

    def test_statuses_and_sources_are_those_of_the_file(self, portal, data):
        rows = asked(portal, "crm.status.list", filter={"ENTITY_ID": "SOURCE"})["result"]
        sources = {one["STATUS_ID"]: one["NAME"] for one in rows} | {None: ""}
        leads = list(portal.truth("lead"))

        assert len(leads) == len(data) == 6_433
        converted = sum(line["Converted"] == "1" for line in data)
        assert total(portal, "crm.lead.list", STATUS_ID="CONVERTED") == converted
        assert total(portal, "crm.lead.list", STATUS_SEMANTIC_ID="S") == converted
        assert Counter(sources[lead["SOURCE_ID"]] for lead in leads) == Counter(
            line["Lead Source"] for line in data
        )
        worst = sum(line["Converted"] == "0" and line["Lead Quality"] == "Worst" for line in data)
        assert total(portal, "crm.lead.list", STATUS_ID="JUNK") == worst

    @pytest.mark.parametrize(
        ("field", "column"),
        [
            ("UF_CRM_SPECIALIZATION", "Specialization"),
            ("UF_CRM_HEARD", "How did you hear about X Education"),
            ("UF_CRM_TAGS", "Tags"),
            ("UF_CRM_PROFILE", "Lead Profile"),
            ("UF_CRM_LAST_NOTABLE", "Last Notable Activity"),
        ],
    )
    def test_lists_have_what_occurs_and_nothing_is_not_a_value(self, portal, data, field, column):
        labels = options(portal, "lead", field) | {"": ""}
        wanted = Counter("" if line[column].strip() == "Select" else line[column].strip() for line in data)

        assert "Select" not in labels.values()
        assert Counter(labels[lead[field]] for lead in portal.truth("lead")) == wanted

    def test_numbers_and_flags_are_those_of_the_file(self, portal, data):
        leads = {lead["UF_CRM_LEAD_NUMBER"]: lead for lead in portal.truth("lead")}

        for line in data:
            lead = leads[line["Lead Number"]]
            assert (lead["UF_CRM_TOTAL_VISITS"], lead["UF_CRM_TIME_ON_SITE"]) == (
                line["TotalVisits"],
                line["Total Time Spent on Website"],
            )
            assert lead["UF_CRM_PAGES_PER_VISIT"] == line["Page Views Per Visit"]
            assert lead["UF_CRM_DO_NOT_EMAIL"] == ("1" if line["Do Not Email"] == "Yes" else "0")
            assert lead["UF_CRM_FREE_COPY"] == (
                "1" if line["A free copy of Mastering The Interview"] == "Yes" else "0"
            )

    def test_dates_rise_with_the_numbers_over_the_two_years(self, portal):
        leads = sorted(portal.truth("lead"), key=lambda lead: int(lead["UF_CRM_LEAD_NUMBER"]))
        dates = [lead["DATE_CREATE"] for lead in leads]

        assert dates == sorted(dates)
        assert (dates[0][:10], dates[-1][:10]) == ("2016-01-01", "2017-12-31")


class TestBank:
    name = "bank_marketing_calls"

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls, folder):
        return lines(folder / "calls.csv", ";")

    def test_every_line_is_a_contact_an_activity_and_a_call(self, portal, data):
        assert len(data) == 28_831
        assert total(portal, "crm.contact.list") == len(data)
        assert total(portal, "crm.activity.list", TYPE_ID=2, DIRECTION=2) == len(data)
        assert total(portal, "voximplant.statistic.get", CALL_TYPE=1) == len(data)
        owned = zip(portal.truth("activity"), portal.truth("call"), strict=True)
        assert all(
            (call["CRM_ACTIVITY_ID"], call["CRM_ENTITY_ID"]) == (activity["ID"], activity["OWNER_ID"])
            for activity, call in owned
        )

    def test_seconds_are_those_of_the_file(self, portal, data):
        calls = [int(call["CALL_DURATION"]) for call in portal.truth("call")]

        assert calls == [int(line["duration"]) for line in data]
        assert sum(calls) == 7_316_407
        assert total(portal, "voximplant.statistic.get", CALL_DURATION=0) == 3

    def test_outcomes_and_jobs_are_those_of_the_file(self, portal, data):
        jobs = options(portal, "contact", "UF_CRM_JOB") | {"": "unknown"}
        found = Counter((jobs[c["UF_CRM_JOB"]], c["UF_CRM_SUBSCRIBED"]) for c in portal.truth("contact"))

        assert found == Counter((line["job"], "1" if line["y"] == "yes" else "0") for line in data)
        loans = Counter(contact["UF_CRM_LOAN"] for contact in portal.truth("contact"))
        words = {"yes": "1", "no": "0", "unknown": "0"}  # a flag without a value is "0" in a portal
        assert loans == sum((Counter({words[line["loan"]]: 1}) for line in data), Counter())
        days = Counter(contact["UF_CRM_PDAYS"] for contact in portal.truth("contact"))
        assert days[""] == sum(line["pdays"] == "999" for line in data)

    def test_every_call_is_on_a_day_of_its_month_and_weekday_in_the_order_of_the_file(self, portal, data):
        starts = [call["CALL_START_DATE"] for call in portal.truth("call")]
        months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

        moments = [datetime.fromisoformat(start) for start in starts]
        assert moments == sorted(moments)
        assert [(months[m.month - 1], names[m.weekday()]) for m in moments] == [
            (line["month"], line["day_of_week"]) for line in data
        ]
        runs = [len(list(same)) for _, same in groupby((line["month"], line["day_of_week"]) for line in data)]
        assert [len(list(same)) for _, same in groupby(m.date() for m in moments)] == runs
        assert (starts[0], starts[-1][:10]) == ("2008-05-05T09:00:00+03:00", "2009-04-16")
        assert all(9 <= m.hour < 18 for m in moments)


class TestPhoneNow:
    name = "callcenter_phonenow"

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls, folder):
        return lines(folder / "call_center.csv")

    def test_calls_by_agent_and_outcome_are_those_of_the_file(self, portal, data):
        names = people(portal)
        codes = {"Y": "200", "N": "304"}

        found = Counter((names[c["PORTAL_USER_ID"]], c["CALL_FAILED_CODE"]) for c in portal.truth("call"))
        assert found == Counter((line["agent"], codes[line["answered (Y/N)"]]) for line in data)
        missed = sum(line["answered (Y/N)"] == "N" for line in data)
        assert total(portal, "voximplant.statistic.get", CALL_FAILED_CODE="304") == missed == 946
        assert total(portal, "crm.activity.list", COMPLETED="N") == missed
        assert total(portal, "voximplant.statistic.get", CALL_TYPE=2) == 5_000

    def test_talk_time_and_votes_are_those_of_the_file(self, portal, data):
        talked: dict[str, int] = defaultdict(int)
        for line in data:
            if line["AvgTalkDuration"]:
                hours, minutes, seconds = map(int, line["AvgTalkDuration"].split(":"))
                talked[line["agent"]] += hours * 3600 + minutes * 60 + seconds
        names, found = people(portal), defaultdict(int)
        for call in portal.truth("call"):
            found[names[call["PORTAL_USER_ID"]]] += int(call["CALL_DURATION"])

        assert found == talked
        votes = Counter(call["CALL_VOTE"] for call in portal.truth("call"))
        assert votes == Counter(line["SatisfactionRating"] or None for line in data)

    def test_requests_by_topic_and_outcome_are_those_of_the_file(self, portal, data):
        topics = options(portal, "deal", "UF_CRM_TOPIC")
        outcome = {"YY": "WON", "YN": "LOSE", "NN": "APOLOGY"}

        found = Counter((topics[deal["UF_CRM_TOPIC"]], deal["STAGE_ID"]) for deal in portal.truth())
        assert found == Counter(
            (line["topic"], outcome[line["answered (Y/N)"] + line["resolved"]]) for line in data
        )
        waited = sum(int(deal["UF_CRM_SECONDS_TO_ANSWER"] or 0) for deal in portal.truth())
        assert waited == sum(int(line["speed_of_answer_in_seconds"] or 0) for line in data)

    def test_every_call_lasts_as_its_activity_does(self, portal, data):
        first = data[0]
        activity = portal.get(1, "activity")

        assert first["date"] == "01/01/2021"
        assert activity["START_TIME"] == f"2021-01-01T{first['time']}+03:00"
        assert activity["END_TIME"] == "2021-01-01T09:17:10+03:00"  # 109 seconds to answer, 143 of talk
        assert (activity["OWNER_TYPE_ID"], activity["OWNER_ID"]) == ("2", "1")


class TestHelpdesk:
    name = "stage_history_helpdesk"

    @pytest.fixture(scope="class")
    @classmethod
    def cases(cls, folder):
        """The events of each case in order of time, without those that repeat the activity before."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for line in lines(folder / "helpdesk.csv"):
            events = found[line["CaseID"]]
            if not events or events[-1][1] != line["ActivityID"]:
                events.append((line["CompleteTimestamp"].replace(" ", "T") + "+03:00", line["ActivityID"]))
        return found

    def test_every_case_has_its_own_history(self, portal, cases):
        named = {int(deal["ID"]): deal["ORIGIN_ID"] for deal in portal.truth()}
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for step in portal.truth("deal_stages"):
            found[named[step["OWNER_ID"]]].append(
                (step["CREATED_TIME"], step["STAGE_ID"].removeprefix("C4:"))
            )

        assert found == cases
        assert len(cases) == 3_804
        everything = asked(portal, "crm.stagehistory.list", entityTypeId=2)
        assert everything["total"] == sum(map(len, cases.values())) == 12_958

    def test_cases_stand_where_they_came_last(self, portal, cases):
        for deal in portal.truth():
            events = cases[deal["ORIGIN_ID"]]
            assert (deal["STAGE_ID"], deal["MOVED_TIME"]) == (f"C4:{events[-1][1]}", events[-1][0])
            assert deal["DATE_CREATE"] == events[0][0]
        assert total(portal, "crm.deal.list", STAGE_SEMANTIC_ID="S", CLOSED="Y") == len(cases)

    def test_entries_by_stage_and_kind_are_those_of_the_file(self, portal, cases):
        reached = Counter(stage for events in cases.values() for _, stage in events)
        kinds = Counter(
            1 if not at else 3 if stage == "6" else 2
            for events in cases.values()
            for at, (_, stage) in enumerate(events)
        )

        steps = list(portal.truth("deal_stages"))
        assert Counter(step["STAGE_ID"].removeprefix("C4:") for step in steps) == reached
        assert Counter(step["TYPE_ID"] for step in steps) == kinds
