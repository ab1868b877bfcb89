"""A data home in which something else is in the way is refused in words; what it says of its server may be torn."""

from pathlib import Path

import pytest

from headwater.core.errors import NeedsPerson
from headwater.warehouse import embedded


def test_a_file_in_the_place_of_the_home_is_named(tmp_path: Path):
    home = tmp_path / "home"
    home.write_text("not a home")

    for ask in (embedded.status, embedded.psql, embedded.ensure):
        with pytest.raises(NeedsPerson, match="HEADWATER_HOME"):
            ask(home)

    assert not embedded.stop(home)
    assert home.read_text() == "not a home"


@pytest.mark.parametrize("name", ["server.json", "home.lock"])
def test_a_directory_in_the_place_of_one_of_its_files_is_named(tmp_path: Path, name: str):
    (tmp_path / name).mkdir()

    with pytest.raises(NeedsPerson, match=name.replace(".", r"\.")):
        embedded.ensure(tmp_path)


@pytest.mark.parametrize(
    "found", ["", "[]", "{", '{"socket_dir": 5, "port": "x", "version": [], "bindir": null, "tcp": 1}']
)
def test_torn_words_about_the_last_server_are_none(home: Path, found: str):
    (home / "server.json").write_text(found)

    status = embedded.status(home)

    assert (status.running, status.version, status.socket) == (False, None, None)
