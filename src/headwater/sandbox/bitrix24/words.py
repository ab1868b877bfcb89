"""What people write for yes, no and numbers in their files."""

from decimal import Decimal, InvalidOperation

from headwater.sandbox.bitrix24.takes import Drawn

_YES = {"y", "yes", "true", "1", "да", "ha"}
_NO = {"n", "no", "false", "0", "нет", "yoʻq", "yo'q", "yo‘q"}


def said_yes(text: str, drawn: Drawn, at: int) -> bool:
    """Whether a text says yes; one that says neither yes nor no is an error."""
    word = text.casefold()
    if word not in _YES | _NO:
        raise drawn.wrong(at, f"{text!r} is neither yes nor no; map it to Y and N in {drawn.place}")
    return word in _YES


def number(text: str, name: str, drawn: Drawn, at: int) -> Decimal:
    """A text as a number, exactly."""
    try:
        read = Decimal(text)
    except InvalidOperation:
        read = Decimal("nan")
    exponent = read.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -30 or read.adjusted() > 30:
        raise drawn.wrong(at, f"{text!r} is no number for {name}; map it, give a default, or say `decimal`")
    return read
