"""Names of entities as people write them: in singular and plural."""

from collections.abc import Iterable

from headwater.core.errors import NeedsPerson


def entity_of(word: str, known: Iterable[str]) -> str:
    """The entity of that name, in singular or plural. Raises NeedsPerson with those there are."""
    slugs = list(known)
    for slug in slugs:
        if word.strip().lower() in (slug, singular(slug)):
            return slug
    raise NeedsPerson(f"there is no entity {word!r} here; there are: {', '.join(slugs)}")


def singular(slug: str) -> str:
    """deals → deal, companies → company."""
    return f"{slug[:-3]}y" if slug.endswith("ies") else slug.removesuffix("s")
