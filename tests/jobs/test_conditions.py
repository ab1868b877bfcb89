"""What is wrong by a report, and what is not."""

import pytest

from headwater.jobs.conditions import CONNECTIONS, HOUSES, Bounds, conditions, severity
from headwater.testing.reports import TENANT, connection, entity, house, tenant

HOUR = 3_600.0
LATE = entity(age_seconds=9_000.0, promise_seconds=1_200.0)


def kinds(of_house=None, *connections, **bounds) -> list[str]:
    found = conditions(of_house or house(), [tenant(*connections)], Bounds(**bounds))
    return [one.kind for one in found]


def test_nothing_is_wrong_where_all_is_in_order():
    assert kinds(None, connection()) == []


@pytest.mark.parametrize(
    ("kind", "sick"),
    [
        ("refused", connection(failing_seconds=60.0, tries=3, error_kind="NeedsPerson")),
        ("failing", connection(failing_seconds=60.0, tries=3, error_kind="RetryLater")),
        ("failing", connection(failing_seconds=60.0, tries=1, error_kind="Unexpected", entities=[LATE])),
        ("rights", connection(entities=[entity(status="paused", promise_seconds=None)])),
        ("rights", connection(alarms=1)),
        ("late", connection(entities=[entity(), LATE])),
        ("silent", connection(listening="silent")),
        ("backlog", connection(events_waiting=5, events_oldest_seconds=1_000.0)),
        ("aside", connection(entities=[entity(failed=30, failed_lately=20)])),
        ("quiet", connection(changed_seconds=73 * HOUR)),
    ],
)
def test_what_is_wrong_with_a_connection_is_one_thing_with_its_name(kind, sick):
    [found] = conditions(house(), [tenant(sick)], Bounds())

    assert (found.kind, found.tenant, found.connection) == (kind, TENANT, 3)
    assert found.facts["name"] == "acme"


@pytest.mark.parametrize(
    "well",
    [
        connection(entities=[entity(failed=500, failed_lately=19)]),
        connection(entities=[entity(status="paused", stored=0, promise_seconds=None)]),
        connection(entities=[entity(age_seconds=None)]),
        connection(entities=[entity(age_seconds=1e9, promise_seconds=None)]),
        connection(events_waiting=5_000, events_oldest_seconds=60.0),
        connection(events_oldest_seconds=1e6, paused_seconds=1e6),
        connection(changed_seconds=1e7, paused_seconds=1e6),
        connection(changed_seconds=None),
        connection(listening="polling", events=0, event_seconds=None),
    ],
)
def test_what_is_no_trouble_is_not_told(well):
    assert kinds(None, well) == []


@pytest.mark.parametrize(
    ("kind", "sick"),
    [
        ("worker", house(workers=[])),
        ("disk", house(disk_free=2**30)),
        ("skew", house(skew_seconds=-31.0)),
        ("backup", house(backup_seconds=37 * HOUR)),
        ("backup", house(backup_seconds=None)),
        ("housework", house(jobs={"housekeeping": {"planned": 0, "due": 0, "taken": 0, "failing": 1}})),
    ],
)
def test_what_is_wrong_with_the_house_is_of_no_tenant(kind, sick):
    [found] = conditions(sick, [tenant(connection())], Bounds())

    assert (found.kind, found.tenant, found.connection) == (kind, None, 0)


def test_a_house_that_is_new_or_backed_up_elsewhere_lacks_no_backup():
    assert kinds(house(backup_seconds=None, age_seconds=HOUR), connection()) == []
    assert kinds(house(backup_seconds=None), connection(), backups_expected=False) == []


def test_without_a_connection_nobody_needs_to_work():
    assert kinds(house(workers=[])) == []


def test_every_kind_has_a_severity():
    assert {severity(kind) for kind in [*CONNECTIONS, *HOUSES]} == {"warning", "critical"}
    assert not set(CONNECTIONS) & set(HOUSES)
