"""The only place that names concrete things: which server, which source, which clock."""

from headwater.jobs.worker import SLOTS
from headwater.warehouse.access import Access
from headwater.warehouse.bi import Login
from headwater.warehouse.connections import Link, Tenant
from headwater.warehouse.erasures import Erasure
from headwater.warehouse.manifest import Manifest
from headwater.warehouse.restore import Restored
from headwater.warehouse.rotation import Rotation
from headwater.wiring.copies import Copy, backed_up, copies, put_aside, removed, restored, upgraded, verified
from headwater.wiring.databases import (
    attended,
    database,
    database_status,
    embeds,
    migrated,
    psql_command,
    start_database,
    stop_database,
)
from headwater.wiring.doctor import (
    address_check,
    home_checks,
    mended,
    not_opened,
    port_check,
    rounds,
)
from headwater.wiring.followers import FOLLOWERS, followed
from headwater.wiring.logfile import LogFile, log_file
from headwater.wiring.logins import bi_access, bi_login, bi_logins, bi_password, bi_removed
from headwater.wiring.opened import House, house, key_rotated, network_of
from headwater.wiring.rights import eraser, remover, rights_wished
from headwater.wiring.watching import alerting, bounds, wrong
from headwater.wiring.working import worker

__all__ = [
    "FOLLOWERS",
    "SLOTS",
    "Access",
    "Copy",
    "Erasure",
    "House",
    "Link",
    "LogFile",
    "Login",
    "Manifest",
    "Restored",
    "Rotation",
    "Tenant",
    "address_check",
    "alerting",
    "attended",
    "backed_up",
    "bi_access",
    "bi_login",
    "bi_logins",
    "bi_password",
    "bi_removed",
    "bounds",
    "copies",
    "database",
    "database_status",
    "embeds",
    "eraser",
    "followed",
    "home_checks",
    "house",
    "key_rotated",
    "log_file",
    "mended",
    "migrated",
    "network_of",
    "not_opened",
    "port_check",
    "psql_command",
    "put_aside",
    "removed",
    "remover",
    "restored",
    "rights_wished",
    "rounds",
    "start_database",
    "stop_database",
    "upgraded",
    "verified",
    "worker",
    "wrong",
]
