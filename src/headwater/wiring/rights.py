"""Data rights: who erases people, and what he may look into."""

from functools import partial

from headwater.access.erasure import Eraser
from headwater.access.papers import Papers
from headwater.wiring.databases import administrator
from headwater.wiring.opened import House


def eraser(house: House) -> Eraser:
    """Erases people from the database and the files of this data home."""
    settings = house.settings
    home = settings.home
    papers = Papers([home / "log", home / "start.log"], home / "backups", settings.backups)
    return Eraser(house.warehouse, house.vault, house.clock, papers, partial(administrator, settings))
