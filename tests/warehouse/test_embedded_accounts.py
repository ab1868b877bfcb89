"""The account that the server runs under: a normal user's own, and for root two ways of not being root."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from headwater.core.errors import NeedsPerson
from headwater.warehouse import embedded
from headwater.warehouse.embedded import Way, asroot

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

IMPORTS = """
import os, pwd, sys
from pathlib import Path
import psycopg
from headwater.core.errors import NeedsPerson
from headwater.warehouse import embedded
from headwater.warehouse.embedded import Way
"""

LETTING_GO = """
if os.geteuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
"""

LIFE = """
home, way = Path(sys.argv[1]), Way(sys.argv[2]) if sys.argv[2:] else None
try:
    for _ in range(2):
        with psycopg.connect(embedded.ensure(home, way=way).url()) as connection:
            connection.execute("create table if not exists kept (id int)")
        assert embedded.stop(home)
    print("lived")
except NeedsPerson as exc:
    print(exc)
"""


@pytest.fixture
def ways() -> list[Way]:
    """Both ways of root, where both work."""
    wanted = [Way.NAMESPACE, Way.NOBODY]
    try:
        return [asroot.chosen(way) for way in wanted]
    except NeedsPerson:
        pytest.skip("user namespaces are forbidden here")


def as_nobody(home: Path, *way: Way) -> str:
    """What LIFE says of `home` in a process of a normal user: of nobody when we are root, else of us.

    The process lets go of root only after its imports, as root's Python may lie where nobody cannot read.
    """
    command = [sys.executable, "-c", IMPORTS + LETTING_GO + LIFE, str(home), *way]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    return ran.stdout + ran.stderr


@pytest.fixture
def open_to_nobody() -> Iterator[Path]:
    """A directory that the account nobody owns, or we when we are not root."""
    folder = Path("/tmp", f"headwater-test-{os.getpid()}")
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    yield folder
    shutil.rmtree(folder)


def modes(path: Path) -> list[tuple[int, int]]:
    return [(folder.stat().st_mode, folder.stat().st_uid) for folder in [path, *path.parents]]


def owner(path: Path) -> str:
    return pwd.getpwuid(path.stat().st_uid).pw_name


def test_a_normal_user_runs_it_directly(open_to_nobody: Path):
    assert as_nobody(open_to_nobody / "home").splitlines()[-1] == "lived"


@as_root
def test_a_home_of_another_account_is_refused_in_words(open_to_nobody: Path):
    home = open_to_nobody / "home"
    embedded.ensure(home)
    try:
        said = as_nobody(home)
    finally:
        embedded.stop(home)

    assert f"{home} belongs to another account" in said


@as_root
def test_root_refuses_a_home_of_a_normal_user(open_to_nobody: Path, ways: list[Way]):
    home = open_to_nobody / "home"
    as_nobody(home)
    os.chown(home / "data", 12345, -1)

    with pytest.raises(NeedsPerson, match="belongs to user id 12345"):
        embedded.ensure(home)


@as_root
def test_in_a_namespace_the_files_stay_roots_and_no_directory_is_opened(home: Path, ways: list[Way]):
    before = modes(home)

    server = embedded.ensure(home, way=Way.NAMESPACE)

    assert server.running()
    assert owner(home / "data") == owner(home / "data" / "PG_VERSION") == "root"
    assert modes(home) == before


@as_root
def test_nobody_serves_a_home_it_cannot_enter(home: Path, ways: list[Way]):
    before = modes(home)

    server = embedded.ensure(home, way=Way.NOBODY)

    status = Path("/proc", str(embedded.status(home).pid), "status").read_text()
    uid = pwd.getpwnam("nobody").pw_uid
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
    assert server.running()
    assert owner(home / "data") == "nobody"
    assert modes(home) == before


@as_root
def test_root_may_change_the_way_and_keeps_the_data(home: Path, ways: list[Way]):
    for count, way in enumerate([*ways, *ways]):
        with psycopg.connect(embedded.ensure(home, way=way).url(), autocommit=True) as connection:
            connection.execute("create table if not exists kept (way text)")
            kept = connection.execute("select count(*) from kept").fetchone()
            connection.execute("insert into kept values (%s)", [way.value])
        embedded.stop(home)

        assert kept == (count,)


@as_root
def test_root_cannot_run_it_directly(home: Path):
    with pytest.raises(NeedsPerson, match="run as a normal user, allow user namespaces"):
        embedded.ensure(home, way=Way.DIRECT)


@as_root
def test_where_no_way_is_left_the_choices_are_named(home: Path, ways: list[Way]):
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    command = ["unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-c", IMPORTS + LIFE, str(home)]

    said = subprocess.run(command, check=False, capture_output=True, text=True).stdout

    assert "run as a normal user" in said
    assert "HEADWATER_DATABASE_URL" in said


def test_a_normal_user_cannot_become_another(open_to_nobody: Path):
    assert "'nobody' of running PostgreSQL does not work here" in as_nobody(open_to_nobody, Way.NOBODY)
