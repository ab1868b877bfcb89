"""The only place that names concrete things: which server, which source, which clock."""

from headwater.jobs.worker import SLOTS
from headwater.warehouse.access import Access
from headwater.warehouse.bi import Login
from headwater.warehouse.connections import Link, Tenant
from headwater.warehouse.erasures import Erasure
from headwater.warehouse.rotation import Rotation
from headwater.wiring.databases import (
    database,
    database_status,
    embeds,
    migrated,
    psql_command,
    start_database,
    stop_database,
)
from headwater.wiring.logins import bi_access, bi_login, bi_logins, bi_password, bi_removed
from headwater.wiring.opened import House, house, key_rotated, network_of
from headwater.wiring.rights import eraser, remover, rights_wished
from headwater.wiring.working import worker

__all__ = [
    "SLOTS",
    "Access",
    "Erasure",
    "House",
    "Link",
    "Login",
    "Rotation",
    "Tenant",
    "bi_access",
    "bi_login",
    "bi_logins",
    "bi_password",
    "bi_removed",
    "database",
    "database_status",
    "embeds",
    "eraser",
    "house",
    "key_rotated",
    "migrated",
    "network_of",
    "psql_command",
    "remover",
    "rights_wished",
    "start_database",
    "stop_database",
    "worker",
]
