"""A small company written straight into the tables, and another beside it: for tests of what is read."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

ANNA, BORIS = "5", "6"
"""Two managers, each with records of his own."""

BIG = "9007199254740993.12"
"""More than a double holds."""


@dataclass(frozen=True)
class Company:
    """A tenant, its connection, and how rows are put there."""

    admin: Any
    tenant: UUID
    connection: int

    def put(self, table: str, **values: Any) -> None:
        """A row of a table of `public`, or of another schema."""
        name = tuple(table.split(".")) if "." in table else ("public", f"crm_{table}")
        known = {row[0] for row in self.admin.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0", [".".join(name)]
        )}  # fmt: skip
        usual = {
            "tenant_id": self.tenant, "connection_id": self.connection, "crm_source": "bitrix24",
            "began": 1, "version": "v", "synced_at": "2026-11-21T09:00:00Z",
        }  # fmt: skip
        row = {name: value for name, value in usual.items() if name in known} | values
        holes = SQL(", ").join([SQL("%s")] * len(row))
        self.admin.execute(
            SQL("insert into {} ({}) values ({})").format(
                Identifier(*name), SQL(", ").join(map(Identifier, row)), holes
            ),
            [Jsonb(value) if isinstance(value, dict) else value for value in row.values()],
        )


def begun(admin: Any, name: str, *slugs: str) -> list[Company]:
    """A tenant with a connection of each name."""
    [tenant] = admin.execute(
        "insert into headwater.tenants (slug, title) values (%s, %s) returning id", [name, name]
    ).fetchone()
    return [
        Company(admin, tenant, admin.execute(
            "insert into headwater.connections (tenant_id, source, slug, title, portal, credentials)"
            " values (%s, 'bitrix24', %s, %s, %s, '') returning id",
            [tenant, slug, slug, f"{slug}.example"],
        ).fetchone()[0])
        for slug in slugs
    ]  # fmt: skip


def filled(admin: Any) -> tuple[Company, Company]:
    """Ours, with a second portal; and theirs, with the same ids."""
    ours, north = begun(admin, "ours", "bitrix24", "north")
    [theirs] = begun(admin, "theirs", "theirs")
    people(ours)
    deals(ours)
    around(ours)
    leads(ours)
    north.put("deals", external_id="1", title="ours, north", created_at="2026-01-01T00:00:00Z", value="200")
    theirs.put("deals", external_id="1", title="secret", assigned_to=ANNA, created_at="2026-05-01T00:00:00Z")
    theirs.put("stages", entity="deals", pipeline="0", id="NEW", name="secret", sort=1, semantics="open")
    return ours, theirs


def people(ours: Company) -> None:
    for id, name in ((ANNA, "Anna"), (BORIS, "Boris")):
        ours.put("users", external_id=id, name=name, active=True)
    for id, name, semantics in (("NEW", "New", "open"), ("C3:WON", "Won", "won"), ("LOST", "Lost", "lost")):
        ours.put("stages", entity="deals", pipeline="0", id=id, name=name, sort=1, semantics=semantics)
    ours.put("pipelines", entity="deals", id="0", name="ours", sort=1, main=True)
    ours.put("labels", entity="deals", field="source_id", id="WEB", lang="", label="ours")
    ours.put("currencies", id="EUR", name="ours", base=True, rate="1.1", recorded_at="2026-11-01T00:00:00Z")
    ours.put("departments", id="1", name="ours", sort=1)
    ours.put("products", external_id="1", name="ours", price="10.5")


def deals(ours: Company) -> None:
    """Twelve: odd ones are Anna's, the last five were made at the same time, three are closed."""
    for number in range(1, 13):
        day = number if number in (1, 2, 3, 11, 12) else 4
        closed = f"2026-10-0{number}T00:00:00Z" if number <= 3 else None
        ours.put(
            "deals", external_id=str(number), title={1: "Ромашка"}.get(number, f"ours {number}"),
            stage={1: "C3:WON", 2: "C3:WON", 3: "LOST", 12: "C3:WON"}.get(number, "NEW"), pipeline="0",
            value={1: "100.50", 2: "200", 12: BIG}.get(number), value_rounded=False, currency="EUR",
            assigned_to=ANNA if number % 2 else BORIS, won={1: True, 2: True, 3: False, 12: True, 10: True}.get(number),
            contact_id="1" if number == 1 else None, company_id="1" if number == 1 else None,
            lead_id="1" if number == 1 else None, created_at=f"2026-11-{day:02}T09:00:00Z", closed_at=closed,
            modified_at="2026-11-20T00:00:00Z" if number > 6 else None,
        )  # fmt: skip
    ours.admin.execute(
        'update public.crm_deals set custom_fields = \'{"uf_sum": 12345678901234567890, "uf_text": "roof"}\''
        " where external_id = '12'"
    )
    for began, diff in (
        (2, '{"opportunity": [1, 12345678901234567890.01]}'),
        (3, '{"stage_id": ["NEW", "C3:WON"]}'),
    ):
        ours.admin.execute(
            "insert into headwater.history values (%s, %s, 'deals', '1', %s, 'poll', %s, 1, %s)",
            [ours.tenant, ours.connection, f"2026-11-2{began}T00:00:00Z", began, diff],
        )


def around(ours: Company) -> None:
    """What belongs to the first deals. Of the first one, which is Anna's, the second contact and activity are
    Boris's."""
    for id, person in (("1", ANNA), ("2", BORIS)):
        at = f"2026-11-0{id}T00:00:00Z"
        ours.put(
            "contacts", external_id=id, name=f"ours {id}", assigned_to=person, company_id="1", created_at=at
        )
        ours.put("companies", external_id=id, name=f"ours {id}", assigned_to=person, created_at=at)
        ours.put("activities", external_id=id, type="call", subject="ours", employee_id=person, started_at=at)
        ours.put("calls", external_id=id, activity_id=id, employee_id=person, started_at=at, cost="0.005")
        ours.put("links", entity="deals", to_entity="contacts", external_id="1", place=int(id), to_id=id)
        ours.put(
            "links", entity="deals", to_entity="contacts", external_id=f"{int(id) * 2}", place=7, to_id="404"
        )
        ours.put("activity_links", activity_id=id, place=0, entity="deals", external_id="1")
        ours.put("activity_links", activity_id=id, place=1, entity="contacts", external_id="1")
        ours.put(
            "comments", entity="deals", external_id=id, place=0, comment_id="1", body="call back", raw={}
        )
        ours.put("deal_products", deal_id=id, place=0, name="Roof", price="99.999", quantity="1")
        ours.put("stage_history", id=id, entity="deals", external_id="1", stage="NEW", entered_at=at)
        ours.put("stage_history", id=f"2{id}", entity="deals", external_id="2", stage="NEW", entered_at=at)
    ours.put("links", entity="contacts", to_entity="companies", external_id="1", place=0, to_id="1")
    for process, person in (("177", ANNA), ("180", BORIS)):
        ours.put(
            "items", external_id="1", process=process, title=f"item {process}", assigned_to=person, deal_id="1",
            created_at="2026-11-01T00:00:00Z",
        )  # fmt: skip


def leads(ours: Company) -> None:
    """Titles that a spreadsheet would run."""
    titles = ("=cmd|'/c calc'!A1", 'a "quoted", two\nlines', "@sum(1)")
    phones = ("+79120001122", "+7 (912) 000", None)
    for number, (title, phone, value, converted) in enumerate(
        zip(titles, phones, ("-5", None, "0.1"), (False, None, True), strict=True), 1
    ):
        ours.put(
            "leads", external_id=str(number), title=title, contact_phone=phone, value=value, converted=converted,
            assigned_to=ANNA if number % 2 else BORIS, contact_id="1" if number == 1 else None,
            created_at="2026-11-01T00:00:00Z",
        )  # fmt: skip
