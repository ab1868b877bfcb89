"""`headwater sandbox bitrix24`: what it cannot do is told in words, never by a traceback."""

import socket

import pytest


async def test_a_port_that_is_taken_is_named(own, program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said = await program("sandbox", "bitrix24", "--deals", "1", "--port", str(port))

    assert said.code == 3
    assert f"cannot listen on 127.0.0.1:{port} (Address already in use): name another" in said.words


async def test_a_host_that_is_not_ours_is_named(own, program):
    said = await program("sandbox", "bitrix24", "--deals", "1", "--host", "192.0.2.1")

    assert said.code == 3
    assert "cannot listen on 192.0.2.1:0 (" in said.words


async def test_a_file_for_the_authority_that_cannot_be_written_is_named(own, program, tmp_path):
    said = await program("sandbox", "bitrix24", "--deals", "1", "--tls", "--ca", str(tmp_path))

    assert said.code == 3
    assert f"cannot write {tmp_path} (Is a directory)" in " ".join(said.err.split())


async def test_a_store_that_cannot_be_looked_at_is_named(own, headwater, tmp_path):
    store = tmp_path / ("x" * 300)

    said = await headwater("sandbox", "bitrix24", "--deals", "1", "--store", str(store))

    assert said.code == 3
    assert "name another file" in said.words


@pytest.mark.parametrize("command", [("sandbox", "bitrix24"), ("demo", "--once")], ids=" ".join)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--fill", "crm_maven"), "--fill crm_maven wants the folder of its CSV files"),
        (("--data", "."), "name one with --fill"),
        (("--fill", "nowhere"), "there is no mapping file nowhere; ours are called: bank_marketing_calls"),
    ],
    ids=["data", "mapping", "unknown"],
)
async def test_half_an_order_to_fill_is_wrong_usage(own, headwater, home, command, words, expected):
    said = await headwater(*command, *words)

    assert said.code == 2
    assert expected in said.words
    assert not home.exists()


async def test_an_authority_without_tls_is_wrong_usage(own, headwater, tmp_path):
    said = await headwater("sandbox", "bitrix24", "--ca", str(tmp_path / "ca.pem"))

    assert said.code == 2
    assert "say --tls as well" in said.words
