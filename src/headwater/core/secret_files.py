"""Settings that stand in files, as containers and systemd hand over secrets."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from headwater.core.errors import NeedsPerson

USUAL = Path("/run/secrets")
"""Where container engines put them."""

LARGEST_BYTES = 64 * 1024


class SecretFiles(PydanticBaseSettingsSource):
    """The file that `HEADWATER_X_FILE` names, or `headwater_x` in the folder of HEADWATER_SECRETS_DIR (by
    default /run/secrets, if that is there). Blank space around the content is none of it.

    NeedsPerson names the variable or the file that cannot be used; never what is in it.
    """

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings)
        self._prefix = str(self.config.get("env_prefix", ""))

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 (not ours)
        path = self._named(field_name) or self._in_folder(field_name)
        return (None if path is None else _content(path)), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value}

    def _named(self, field_name: str) -> Path | None:
        """The file named for this setting alone; there is no guessing which of two was meant."""
        name = (self._prefix + field_name).upper()
        path = os.environ.get(f"{name}_FILE")
        if not path:
            return None
        if os.environ.get(name):
            raise NeedsPerson(f"{name} and {name}_FILE are both given: take one of them away")
        if not Path(path).is_file():
            raise NeedsPerson(
                f"{name}_FILE: there is no file {path}: name one that is there, or leave it out"
            )
        return Path(path)

    def _in_folder(self, field_name: str) -> Path | None:
        folder = folder_of_secrets()
        path = folder / (self._prefix + field_name).lower() if folder else None
        return path if path is not None and path.exists() else None


def folder_of_secrets() -> Path | None:
    """The folder of secret files, if there is one. NeedsPerson when one is named that cannot be used; the
    usual one may be somebody else's."""
    named = os.environ.get("HEADWATER_SECRETS_DIR")
    if not named:
        return USUAL if os.access(USUAL, os.X_OK) else None
    if not Path(named).is_dir():
        raise NeedsPerson(f"HEADWATER_SECRETS_DIR: there is no folder {named}: make it, or name another")
    if not os.access(named, os.X_OK):
        raise NeedsPerson(
            f"HEADWATER_SECRETS_DIR: {named} is closed to the user of this process: open it to him"
        )
    return Path(named)


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise NeedsPerson(
                f"the secret file {path} has more than {LARGEST_BYTES:,} bytes: it is another file"
            )
        return content.decode("utf-8-sig").strip()
    except OSError as exc:
        raise NeedsPerson(
            f"the secret file {path} cannot be read ({exc.strerror}): let the user of this process read it"
        ) from exc
    except UnicodeDecodeError:
        raise NeedsPerson(f"the secret file {path} is no text in UTF-8: write it anew") from None
