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
from headwater.warehouse import asroot, embedded
from headwater.warehouse.asroot import Way

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

LIFE = """
import sys
from pathlib import Path
import psycopg
from headwater.core.errors import NeedsPerson
from headwater.warehouse import embedded
home = Path(sys.argv[1])
try:
    for _ in range(2):
        with psycopg.connect(embedded.ensure(home).url()) as connection:
            connection.execute("create table if not exists kept (id int)")
        assert embedded.stop(home)
    print("lived")
except NeedsPerson as exc:
    print(exc)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "home"
    yield place
    embedded.stop(place)


@pytest.fixture
def ways() -> list[Way]:
    """Both ways of root, where both work."""
    wanted = [Way.NAMESPACE, Way.NOBODY]
    try:
        return [asroot.chosen(way) for way in wanted]
    except NeedsPerson:
        pytest.skip("user namespaces are forbidden here")


def as_nobody(code: str, *words: object) -> "subprocess.CompletedProcess[str]":
    """Runs Python code as nobody when we are root, else as we are; skips where nobody cannot reach us."""
    nobody = pwd.getpwnam("nobody")
    account: dict[str, object] = {}
    if os.geteuid() == 0:
        account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(*command: object) -> "subprocess.CompletedProcess[str]":
        words = list(map(str, command))
        return subprocess.run(words, check=False, capture_output=True, text=True, cwd="/", **account)  # type: ignore[call-overload, no-any-return]

    if run(sys.executable, "-c", "import headwater").returncode != 0:
        pytest.skip("the account nobody cannot read this checkout and its Python")
    return run(sys.executable, "-c", code, *words)


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
    said = as_nobody(LIFE, open_to_nobody / "home")

    assert said.stdout.splitlines()[-1] == "lived", said.stderr


def test_a_home_of_another_account_is_refused_in_words(home: Path):
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    embedded.ensure(home)
    home.parent.chmod(0o711)
    home.chmod(0o711)

    said = as_nobody(LIFE, home)

    assert "belongs to another account" in said.stdout + said.stderr


@as_root
def test_in_a_namespace_the_files_stay_roots_and_no_directory_is_opened(home: Path, ways: list[Way]):
    home.mkdir(mode=0o700)
    before = modes(home)

    server = embedded.ensure(home, way=Way.NAMESPACE)

    assert server.running()
    assert owner(home / "data") == owner(home / "data" / "PG_VERSION") == "root"
    assert modes(home) == before


@as_root
def test_nobody_serves_a_home_it_cannot_enter(home: Path, ways: list[Way]):
    home.mkdir(mode=0o700)
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
    command = ["unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-c", LIFE, str(home)]

    said = subprocess.run(command, check=False, capture_output=True, text=True).stdout

    assert "run as a normal user" in said
    assert "HEADWATER_DATABASE_URL" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root has other ways")
def test_a_normal_user_cannot_be_made_nobody(home: Path):
    with pytest.raises(NeedsPerson, match="does not work here"):
        embedded.ensure(home, way=Way.NOBODY)
