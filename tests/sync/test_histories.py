"""Random histories of a portal and its replica, on both servers; each seed is a batch of its own."""

import pytest

from headwater.testing.histories.batches import played

# A failure is made as short as it can be before it is told, which takes minutes.
pytestmark = [pytest.mark.timeout(900), pytest.mark.long]
STEPS = 12


@pytest.mark.parametrize("seeded", range(4))
def test_whatever_happens_the_replica_ends_equal_and_its_books_agree(newest_database, seeded: int):
    played(newest_database.url(), seeded=seeded, histories=10, steps=STEPS)


@pytest.mark.parametrize("seeded", [100, 101])
@pytest.mark.parametrize("either", ["postgresql15"], indirect=True)
def test_the_same_holds_on_the_oldest_server_we_promise(database, seeded: int):
    played(database.url(), seeded=seeded, histories=6, steps=STEPS)
