"""Bitrix24, the CRM, over its inbound webhook."""

from headwater.core.ports import Source
from headwater.sources.bitrix24.source import Bitrix24

SOURCE: type[Source] = Bitrix24

__all__ = ["SOURCE", "Bitrix24"]
