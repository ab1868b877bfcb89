"""What this process costs the machine."""

import os
import resource
from pathlib import Path
from typing import NamedTuple

STATM = Path("/proc/self/statm")


class Usage(NamedTuple):
    """Bytes of memory now (where the system does not tell: at the most), seconds of CPU so far."""

    memory: int
    cpu: float


def usage() -> Usage:
    """Of this process, as of now."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    try:
        memory = int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        memory = spent.ru_maxrss * 1024
    return Usage(memory, spent.ru_utime + spent.ru_stime)
