"""`headwater service`: a unit that systemd takes, hardened, and nothing in it that was not meant."""

import shutil
import subprocess
from pathlib import Path

import pytest

from headwater.cli.service import unit
from headwater.core.errors import NeedsPerson


@pytest.mark.parametrize("run_as", [None, "root"])
def test_systemd_takes_the_unit(tmp_path, run_as):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    path = tmp_path / "headwater.service"
    home = tmp_path / "a home with spaces"
    home.mkdir()
    path.write_text(unit(home=home, program=Path("/bin/sh"), run_as=run_as))
    words = ["--user"] if run_as is None else []
    said = subprocess.run(
        [program, "verify", *words, str(path)], capture_output=True, text=True, check=False,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip

    assert str(path) not in said.stderr, said.stderr
    assert "headwater.service" not in said.stderr, said.stderr


async def test_the_unit_is_printed_with_this_home_and_this_program(given, home, headwater):
    said = await headwater("service", "install", "--print", "--run-as", "crm")

    assert "User=crm" in said.out
    assert f'Environment="HEADWATER_HOME={home}"' in said.out
    assert f'ReadWritePaths="{home}" /tmp' in said.out
    assert "-m headwater serve" in said.out
    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "Restart=always",
        "WantedBy=multi-user.target",
    ):
        assert line in said.out.splitlines()


async def test_a_unit_of_ones_own_is_written_and_removed_with_the_next_commands(given, desk, headwater):
    path = desk.parent / "user" / ".config" / "systemd" / "user" / "headwater.service"
    written = await headwater("service", "install", "--user", XDG_CONFIG_HOME="")
    text = path.read_text()
    removed = await headwater("service", "uninstall", "--user", XDG_CONFIG_HOME="")
    again = await headwater("service", "uninstall", "--user", XDG_CONFIG_HOME="")

    assert "systemctl --user enable --now headwater" in written.out
    assert "User=" not in text
    assert "WantedBy=default.target" in text
    assert removed.code == 0
    assert not path.exists()
    assert again.code == 3


@pytest.mark.parametrize("home", ['/x"y', "/x\ny", "/x%h", "/x$HOME", "/x\\y"])
def test_a_home_that_would_say_something_else_in_a_unit_is_refused(home):
    with pytest.raises(NeedsPerson, match="cannot hold"):
        unit(home=Path(home), program=Path("/bin/sh"), run_as="crm")


def test_a_users_name_with_a_line_in_it_is_refused():
    with pytest.raises(NeedsPerson):
        unit(home=Path("/x"), program=Path("/bin/sh"), run_as="crm\nExecStart=/bin/evil")
