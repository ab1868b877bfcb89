"""Our errors, named by what the caller should do next.

* HeadwaterError
  - RetryLater      the same call may succeed after `wait` seconds
  - NeedsPerson     credentials, rights or settings must be changed by a human
  - SkipRecord      this record is unusable; the rest of the page is fine
  - StopSync        going on would lose or spoil data

Every message says what was attempted, what came back, and what to do.
"""


class HeadwaterError(Exception):
    """Base of every error we raise on purpose."""


class RetryLater(HeadwaterError):
    """The same call may succeed later; `wait` is the other side's own word for how many seconds."""

    def __init__(self, message: str, *, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class NeedsPerson(HeadwaterError):
    """A human has to change credentials, rights or settings."""


class SkipRecord(HeadwaterError):
    """One record is unusable; the rest of the page is fine."""


class StopSync(HeadwaterError):
    """Going on would lose or spoil data."""


KINDS = (RetryLater, NeedsPerson, SkipRecord, StopSync)


def kind_of(exc: BaseException) -> str:
    """Which of our kinds an error is of, by its name; `Unexpected` when it is none of ours."""
    return next((kind.__name__ for kind in KINDS if isinstance(exc, kind)), "Unexpected")


class Unfit(ValueError):
    """A value does not have the form of its field; the text says why, in words for people."""
