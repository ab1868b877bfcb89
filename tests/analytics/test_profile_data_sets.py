"""A data set nobody here made, read from a portal: the profile finds the faults it is known for."""

import asyncio
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from headwater.analytics.profile import keeping, showing
from headwater.analytics.profile.model import Profile
from headwater.sandbox.bitrix24 import Options, built
from headwater.testing.river import river

MAPPINGS = Path(str(files("headwater.sandbox"))) / "mappings"


def said(database: Any, mapping: Path, data: Path, *entities: str) -> tuple[Profile, list[str]]:
    """The profile of a data set that was read once, and the sentences of its doubts."""

    async def looked() -> tuple[Profile, list[str]]:
        portal = built(Options(fill=mapping, data=data, virtual=True))
        try:
            async with river(database.url(), portal=portal) as flowing:
                await flowing.sync_all(*entities)
                await flowing.renew()
                profile = await keeping.remade(flowing.warehouse, flowing.link, now=flowing.clock.now())
                values = await showing.values(flowing.warehouse, flowing.link, profile.entities)
                return profile, [
                    f"{each.entity}: {showing.told(one, each, values, 'en').text}"
                    for each in profile.entities
                    for one in each.doubts
                ]
        finally:
            portal.close()

    return asyncio.run(looked())


class TestLeads:
    name = "leads_x_education"

    @pytest.fixture(scope="class")
    @classmethod
    def found(
        cls, shared_database: Any, folder: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> tuple[Profile, list[str]]:
        """Every eighth line, with "Select" as the forms left it: our own mapping knows that it is no value."""
        head, *rest = (folder / "leads.csv").read_text(encoding="utf-8-sig").splitlines(keepends=True)
        place = tmp_path_factory.mktemp(cls.name)
        (place / "leads.csv").write_text("".join([head, *rest[::8]]), encoding="utf-8")
        mapping = (MAPPINGS / f"{cls.name}.toml").read_text(encoding="utf-8")
        (place / "raw.toml").write_text(mapping.replace('nulls = ["Select"]\n', "", 1), encoding="utf-8")
        return said(shared_database, place / "raw.toml", place, "leads")

    @pytest.mark.parametrize(
        "label", ["Specialization", "How did you hear about X Education", "Lead Profile"]
    )
    def test_an_untouched_list_is_no_value(self, found: tuple[Profile, list[str]], label: str) -> None:
        _, sentences = found

        [sentence] = [one for one in sentences if one.startswith(f"leads: {label}:") and "no value" in one]
        assert sentence.endswith("records hold what looks like no value: “Select”")

    def test_one_source_in_two_spellings_is_told(self, found: tuple[Profile, list[str]]) -> None:
        _, sentences = found

        assert any("“google” / “Google”" in one for one in sentences)
