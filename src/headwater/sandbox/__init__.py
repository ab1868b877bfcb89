"""Rehearsal portals, written from the vendors' documentation, never from our adapters."""
