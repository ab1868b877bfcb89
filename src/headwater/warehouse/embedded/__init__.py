"""The PostgreSQL server that lives in the data home: started by who needs it first, joined by the rest."""

import sys

from headwater.core.errors import NeedsPerson

if sys.platform == "win32":
    raise NeedsPerson(
        "the embedded server needs Linux or macOS; on Windows set HEADWATER_DATABASE_URL to a PostgreSQL 15+"
    )

from headwater.warehouse.embedded.asroot import Way
from headwater.warehouse.embedded.attending import attended
from headwater.warehouse.embedded.server import Server
from headwater.warehouse.embedded.service import Status, ensure, initialised, open_tcp, psql, status, stop
from headwater.warehouse.embedded.upgrade import Sides, side_by_side

__all__ = [
    "Server",
    "Sides",
    "Status",
    "Way",
    "attended",
    "ensure",
    "initialised",
    "open_tcp",
    "psql",
    "side_by_side",
    "status",
    "stop",
    "upgrade",
]
