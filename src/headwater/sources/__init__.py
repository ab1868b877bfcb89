"""One module per outside system. A module here that defines SOURCE is a source."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any


@cache
def known() -> MappingProxyType[str, Any]:
    """Every source by its name: the class that `wiring` makes connections of."""
    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    return MappingProxyType({name: import_module(f"{__name__}.{name}").SOURCE for name in names})
