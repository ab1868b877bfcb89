"""`headwater demo`: proves that both hold the same, and cannot be deceived."""

import asyncio
import re
import signal

import httpx2
import psutil
import pytest

from headwater.warehouse import embedded

pytestmark = pytest.mark.long

SPOIL = """
    update bitrix24.crm_deals set title = 'nobody wrote this'
     where bitrix_id in (select bitrix_id from bitrix24.crm_deals order by _synced_at, bitrix_id limit 100)
"""  # so many that the changes made before the second proof cannot mend them all


@pytest.fixture
def embedded_home(own, home):
    """The demo's own server is stopped in the end."""
    yield home
    embedded.stop(home)


@pytest.fixture
def demo_home(desk):
    """Nothing is set: the demo lives in a folder of its own, with a server of its own."""
    yield desk / ".demo"
    embedded.stop(desk / ".demo")


async def test_the_demo_ends_well_and_says_where_to_look(given, program, home):
    said = await program("demo", "--once", "--deals", "100", HEADWATER_SHARE="1")

    assert said.code == 0, said.words
    assert "A sandbox portal is running: http://127.0.0.1:" in said.out
    assert "370 changes were made in the portal; reading them" in said.out
    assert "fields compared with the portal's own data, no difference." in said.words
    assert f"HEADWATER_HOME={home}" in said.out
    assert "db psql" in said.out
    assert "Traceback" not in said.err


async def test_a_tampered_row_is_found_by_the_next_demo(embedded_home, program):
    first = await program("demo", "--once", "--deals", "400", "--json", HEADWATER_SHARE="1")
    spoiled = await program("db", "psql", "--", "-Ac", SPOIL)
    second = await program("demo", "--once", "--deals", "400", HEADWATER_SHARE="1")

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


@pytest.mark.timeout(300)
async def test_the_demo_runs_the_service_says_how_to_enter_and_ends_clean(demo_home, started):
    process = await started("demo", "--deals", "50", HEADWATER_PORT="0", HEADWATER_SHARE="1")
    said = ""
    while not (entrance := re.search(r"http://\S+/enter\?code=\S+", said)):
        line = await process.stdout.readline()
        assert line, said + (await process.stderr.read()).decode()
        said += line.decode()
    async with httpx2.AsyncClient(follow_redirects=True) as client:
        page = await client.get(entrance[0])
        root = str(page.url)
        async with asyncio.timeout(120):
            while "Data is at most" not in page.text or "Events arrive" not in page.text:
                await asyncio.sleep(0.5)
                page = await client.get(root)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    _, err = await process.communicate()

    assert "A sandbox portal is running: http://127.0.0.1:" in said
    assert page.status_code == 200
    assert process.returncode == 0, err.decode()
    assert "Traceback" not in err.decode()
    assert len(children) == 2
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in children)
