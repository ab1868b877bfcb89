"""`headwater demo`: proves that both hold the same, and cannot be deceived."""

import pytest

from headwater.warehouse import embedded

SPOIL = "update bitrix24.crm_deals set title = title || '!' where bitrix_id = '2' returning 1"


@pytest.fixture
def embedded_home(own, home):
    """The demo's own server is stopped in the end."""
    yield home
    embedded.stop(home)


async def test_the_demo_ends_well_and_says_where_to_look(given, program, home):
    said = await program("demo", "--once", "--deals", "300")

    assert said.code == 0, said.words
    assert "A sandbox portal is running: http://127.0.0.1:" in said.out
    assert "300 changes were made in the portal; reading them" in said.out
    assert "fields compared with the portal's own data, no difference." in said.words
    assert f"HEADWATER_HOME={home}" in said.out
    assert "db psql" in said.out
    assert "Traceback" not in said.err


async def test_a_tampered_row_is_found_by_the_next_demo(embedded_home, program):
    first = await program("demo", "--once", "--deals", "300", "--json")
    spoiled = await program("db", "psql", "--", "-Atqc", SPOIL)
    second = await program("demo", "--once", "--deals", "300")

    assert (first.code, first.json["equal"], first.json["differing"]) == (0, True, 0), first.err
    assert first.json["compared"] >= 300
    assert spoiled.out == "1\n"
    assert second.code == 1
    assert "NOT equal: 0 missing, 0 extra, 1 different of" in second.words
    assert "record 2, TITLE: the portal has '" in second.words
