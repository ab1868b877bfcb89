"""`headwater demo`: proves that both hold the same, and cannot be deceived."""

import re

import pytest

from headwater.warehouse import embedded

SPOIL = """
    update bitrix24.crm_deals set title = 'nobody wrote this'
     where bitrix_id in (select bitrix_id from bitrix24.crm_deals order by _synced_at, bitrix_id limit 100)
"""  # so many that the changes made before the second proof cannot mend them all


@pytest.fixture
def embedded_home(own, home):
    """The demo's own server is stopped in the end."""
    yield home
    embedded.stop(home)


async def test_the_demo_ends_well_and_says_where_to_look(given, program, home):
    said = await program("demo", "--once", "--deals", "300")

    assert said.code == 0, said.words
    assert "A sandbox portal is running: http://127.0.0.1:" in said.out
    assert "370 changes were made in the portal; reading them" in said.out
    assert "fields compared with the portal's own data, no difference." in said.words
    assert f"HEADWATER_HOME={home}" in said.out
    assert "db psql" in said.out
    assert "Traceback" not in said.err


async def test_a_tampered_row_is_found_by_the_next_demo(embedded_home, program):
    first = await program("demo", "--once", "--deals", "400", "--json")
    spoiled = await program("db", "psql", "--", "-Ac", SPOIL)
    second = await program("demo", "--once", "--deals", "400")

    deals = first.json["deals"]
    assert (first.code, deals["equal"], deals["differing"]) == (0, True, 0), first.err
    assert all(one["equal"] and one["compared"] for one in first.json.values())
    assert len(first.json) == 11
    assert deals["compared"] >= 400
    assert spoiled.out == "UPDATE 100\n", spoiled.words
    assert second.code == 1
    assert "NOT equal, deals: 0 missing, 0 extra, " in second.words
    assert re.search(
        r"record deals \d+, TITLE: the portal has '.+', stored is 'nobody wrote this'", second.words
    )
