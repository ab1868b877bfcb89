"""Corners of the space of advisory locks: numbers of one kind of lock never meet those of another."""

CONNECTIONS = 0x4857 << 48
"""Who reads a connection, by its number."""

WORKERS = 0x4858 << 48
"""Which worker lives, by its number."""

MONTHS = 0x4859 << 48
"""Two who find a month of the history missing make it one after the other."""

ALONE = 0x485A << 48
"""Work on people and accounts that one process does at a time, by its number."""

FOLLOWERS = 0x485C << 48
"""Who writes what follows from a connection, by its number; shared, until its data goes."""

ALERTS = 0x485B << 48
"""One process at a time judges what is wrong."""

PATTERNS = 0x4860 << 48
"""Who counts the patterns of a connection, by its number; `headwater.begin_counting` takes it."""
