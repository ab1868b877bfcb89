"""What programs of PostgreSQL say when they fail: told, but for what an older server does not know."""

from pathlib import Path

import pytest

from headwater.core.errors import NeedsPerson
from headwater.warehouse.programs import said

UNKNOWN = (
    'could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"\n'
    "Command was: SET transaction_timeout = 0;\n"
)
MIXED = f"pg_restore: pg_restore: error: error: {UNKNOWN}{UNKNOWN}\npg_restore: warning: errors ignored on restore: 2\n"
FOREIGN = 'pg_restore: error: could not execute query: ERROR:  relation "x" does not exist\n'


def saying(folder: Path, words: str) -> Path:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'WORDS'\n{words}WORDS\nexit 1\n")
    program.chmod(0o700)
    return program


async def test_what_an_older_server_does_not_know_harms_nothing_however_its_lines_are_mixed(tmp_path: Path):
    assert await said(saying(tmp_path, MIXED), [], patient=True) == ""


@pytest.mark.parametrize(("words", "patient"), [(MIXED, False), (MIXED + FOREIGN, True), (FOREIGN, True)])
async def test_any_other_complaint_is_a_failure_told_in_its_words(tmp_path: Path, words: str, patient: bool):
    with pytest.raises(NeedsPerson, match="program said: pg_restore: "):
        await said(saying(tmp_path, words), [], patient=patient)
