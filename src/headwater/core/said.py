"""One text in the languages people ask in."""

from typing import Literal, NamedTuple, TypeAlias

Language: TypeAlias = Literal["en", "ru", "uz"]


class Said(NamedTuple):
    """The same in English, Russian and Uzbek."""

    en: str
    ru: str
    uz: str

    def to(self, language: str) -> str:
        """In that language; in English where we do not speak it."""
        return getattr(self, language) if language in self._fields else self.en
