"""`headwater bi`: what an administrator types, and what a BI tool then can do with the answer."""

import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from headwater.warehouse import embedded


@pytest.fixture
def server(own, home):
    """An embedded server may be started in `home`; it is stopped in the end."""
    yield home
    embedded.stop(home)


@pytest.fixture
async def synced(server, rehearsal, headwater):
    """A portal in an embedded server that listens to nobody."""
    for words in (("connect", "bitrix24", rehearsal.webhook), ("sync", "--full")):
        said = await headwater(*words, HEADWATER_SHARE="1")
        assert said.code == 0, said.words
    return rehearsal


def counted(url: str, relation: str = "deals") -> Any:
    with psycopg.connect(url) as conn:
        return conn.execute(f"select count(*) from {relation}".encode()).fetchone()


def psql(home: Path, url: str, question: str) -> str:
    """What the psql that came with the server says."""
    command = [embedded.psql(home)[0], "-XAtc", question, url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def test_a_login_is_made_used_renewed_and_dropped_on_a_server_that_had_no_tcp(
    synced, headwater, home: Path
):
    pid = embedded.status(home).pid
    added = await headwater("bi", "add", "metabase", "--json")
    url = added.json["url"]
    read = psql(home, url, "select count(*) from bitrix24.crm_deals")
    await headwater("db", "stop")
    restarted = await headwater("db", "start")
    later = counted(url)
    listed = await headwater("bi", "list")
    renewed = await headwater("bi", "password", "metabase")
    [new] = [line.strip() for line in renewed.out.splitlines() if "://" in line]
    removed = await headwater("bi", "remove", "metabase")
    none = await headwater("bi", "list")

    assert embedded.status(home).pid != pid
    assert added.json["tenant"] == "main"
    assert added.json["tunnel"].startswith(f"ssh -N -L {added.json['port']}:127.0.0.1:{added.json['port']} ")
    assert read == "60\n"
    assert restarted.code == 0
    assert later == (60,)
    assert "metabase main all records 5min 10" in listed.words
    assert added.json["password"] not in renewed.out + listed.out
    assert (removed.code, removed.out) == (0, "The login metabase is gone.\n")
    assert "no logins for BI tools yet" in none.words
    for gone in (url, new):
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(gone)


async def test_what_people_read_has_everything_a_form_asks_for(synced, headwater, home: Path):
    said = await headwater("bi", "add", "metabase")

    [url] = [line.strip() for line in said.out.splitlines() if "://" in line]
    parts = psycopg.conninfo.conninfo_to_dict(url)
    assert "metabase reads the data of main. The password is kept nowhere: copy it now." in said.words
    assert (
        f"host 127.0.0.1, port {parts['port']}, database headwater, user metabase, password {parts['password']}"
    ) in said.words
    assert "From another machine, through SSH: ssh -N -L" in said.words
    assert counted(url) == (60,)


async def test_a_mistake_restarts_nothing(synced, headwater, home: Path):
    pid = embedded.status(home).pid

    wrong = [
        await headwater("bi", "add", "hw_app"),
        await headwater("bi", "add", "metabase", "--tenant", "nobody"),
        await headwater("bi", "add", "metabase", "--own", "amo:1"),
        await headwater("bi", "add", "metabase", "--statement-timeout", "long"),
        await headwater("bi", "password", "metabase"),
        await headwater("bi", "remove", 'x"; drop role hw_app'),
    ]

    assert [said.code for said in wrong] == [3] * 6
    assert "there is no tenant 'nobody'" in wrong[1].words
    assert "there is no login 'metabase' for BI tools; there are: none yet" in wrong[4].words
    assert embedded.status(home).pid == pid
    assert not (home / "tcp.port").exists()


@pytest.fixture
def administered(given: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A database on a server given by its administrator."""
    monkeypatch.setenv("HEADWATER_ADMIN_DATABASE_URL", given.url("postgres"))
    return given


async def test_on_a_given_server_the_administrators_login_makes_it(
    filled, administered, headwater, home: Path
):
    name = f"bi-{administered.name[2:30]}"
    owner = next(iter(filled.portal.truth()))["ASSIGNED_BY_ID"]

    added = await headwater(
        "bi", "add", name, "--own", f"bitrix24:{owner}", "--connection-limit", "2", "--json"
    )
    seen = counted(added.json["url"])
    listed = await headwater("bi", "list", "--json")
    others = await headwater("bi", "list", "--tenant", "other", "--json")
    removed = await headwater("bi", "remove", name, "--json")

    assert (added.json["tunnel"], added.json["own"]) == (None, [f"bitrix24:{owner}"])
    assert 0 < seen[0] < 60
    [one] = listed.json
    assert (one["scope"], one["people"], one["connection_limit"]) == ("own", {"bitrix24": [owner]}, 2)
    assert others.json == []
    assert removed.json == {"removed": name}
    assert not (home / "data").exists()


async def test_without_an_administrator_it_says_whose_login_it_needs(filled, headwater):
    for words in (("add", "metabase"), ("list",), ("password", "metabase"), ("remove", "metabase")):
        said = await headwater("bi", *words)

        assert said.code == 3
        assert "HEADWATER_ADMIN_DATABASE_URL" in said.words
