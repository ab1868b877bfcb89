"""Bitrix24, the CRM, over its inbound webhook."""

from headwater.sources.bitrix24.source import Bitrix24

SOURCE = Bitrix24

__all__ = ["SOURCE", "Bitrix24"]
