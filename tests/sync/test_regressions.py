"""What random histories found, each as short as it could be made, and what they play too rarely."""

import pytest

from headwater.testing.histories import endings
from headwater.testing.histories.company import FLOOD
from headwater.testing.histories.strikes import Blow, Spot, Strike
from headwater.testing.histories.world import World


@pytest.fixture
def world(newest_database):
    made = World(newest_database.url(), tenant="main", deals=10, seed=0, playing=["deals"])
    yield made
    made.close()


def test_money_without_a_currency_is_no_difference(world: World):
    company = world.company
    name = next(one.name for one in company.fields("deals") if one.type == "integer")
    company.portal.retype_field(name, "money")
    company.portal.change(company.ids("deals")[0], {name: "69"})

    world.advance(10)
    world.sync()
    issued = world.reconcile()

    assert issued is not None
    assert issued["deals"].verdict == "equal"
    assert not world.differing()["deals"].other


def test_thousands_of_changes_within_one_second_arrive_though_the_process_dies_on_the_way(world: World):
    world.company.portal.insert({"TITLE": "flood"}, count=FLOOD)
    world.sync()
    world.company.portal.burst(FLOOD, {"TITLE": "burst"})
    world.advance(10)

    world.sync(strike=Strike(Blow.CRASH, Spot.STATEMENT, 40))
    endings.ended(world)
