"""Every setting of the product, in one class. Read once in wiring, passed as arguments from there on."""

import os
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from headwater.core.errors import NeedsPerson
from headwater.core.outsiders import network_of, origin_of
from headwater.core.secret_files import SecretFiles

PREFIX = "HEADWATER_"
ENV_FILE = ".env"
ELSEWHERE = (
    "language",
    "secrets_dir",
    "bitrix24_client_id",
    "bitrix24_client_secret",
    "bitrix24_refresh_token",
)
"""Variables that are read where they are needed, from the environment alone."""


def _listed(value: Any) -> Any:
    """A list as people write it into a variable: words apart by commas."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Origins = Annotated[Words, AfterValidator(lambda words: tuple(map(origin_of, words)))]
Networks = Annotated[Words, AfterValidator(lambda words: tuple(map(network_of, words)))]


def default_home() -> Path:
    """The user's data directory; for root, the system's."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/headwater")
    return Path(platformdirs.user_data_dir("headwater", appauthor=False))


class Settings(BaseSettings):
    """Environment variables `HEADWATER_…`, then a `.env` file beside the process, then secret files. What is
    empty is not given."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )

    home: Path = Field(default_factory=default_home)
    """Where everything of ours lives: the embedded server's data, keys, logs."""

    database_url: SecretStr | None = None
    """A PostgreSQL 15 or newer to use instead of the embedded one; logs in as hw_app."""

    admin_database_url: SecretStr | None = None
    """For `migrate` only: a login that may create roles and schemas."""

    database_direct_url: SecretStr | None = None
    """Past a connection pooler, for locks that live as long as a session; default: database_url."""

    pg_bindir: Path | None = None
    """Where initdb, postgres and pg_ctl are; default: the wheel's, else the system's."""

    database_pool_size: int = Field(default=5, ge=1, le=200)
    """Connections that a process opens to the database at most; idle ones are closed."""

    share: float = Field(default=0.7, gt=0, le=1)
    """How much of a portal's request limit we use; the rest is for the customer's other integrations."""

    bitrix24_webhook_url: SecretStr | None = None
    """A Bitrix24 connection given by environment instead of `headwater connect`."""

    host: str = "127.0.0.1"
    """Where `serve` listens; 0.0.0.0 in containers."""

    port: int = Field(default=8080, ge=0, le=65535)
    """The port `serve` listens on; 0 takes a free one."""

    history_months: int | None = Field(default=None, ge=1, le=1200)
    """How many whole months of history are kept beside the current one; default: all, for ever."""

    backups: int = Field(default=7, ge=0, le=1000)
    """How many nightly backups are kept in the data home; 0 makes none."""

    cors_origins: Origins = ()
    """Web pages of other origins that may call the API, apart by commas: https://app.example.com."""

    trusted_proxies: Networks = ("127.0.0.1", "::1")
    """Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    key_requests_per_minute: int = Field(default=3000, ge=0, le=1_000_000)
    """Requests that one key, token or session may make to a process; 0: as many as it likes."""

    address_requests_per_minute: int = Field(default=6000, ge=0, le=1_000_000)
    """Requests that may come from one address to a process, whoever makes them; 0: as many as it likes."""

    app_name: str = Field(default="Headwater", pattern=r"^[^\W_][\w .:-]{0,39}$")
    """What this installation calls itself: in the API's description, and to PostgreSQL."""

    environment: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")
    """What this installation is for, such as production or staging: stands in every line of the log."""

    debug: bool = False
    """More log lines."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (ours says which file is meant)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls)


def read(**given: Any) -> Settings:
    """The settings of this process; `given` goes before the environment. NeedsPerson names each wrong one,
    what it should be and what it is for, and never its value: it may be a secret."""
    try:
        return Settings(**given)
    except ValidationError as exc:
        raise NeedsPerson("; ".join(_wrong(one["loc"], one["msg"]) for one in exc.errors())) from None
    except (OSError, UnicodeDecodeError) as exc:
        reason = getattr(exc, "strerror", None) or "it is no text in UTF-8"
        raise NeedsPerson(f"the file {ENV_FILE} in {Path.cwd()} cannot be read ({reason})") from None


def unknown() -> list[str]:
    """Variables of the environment that look like settings of ours and are none: slips of the pen, mostly."""
    known = {PREFIX + name.upper() for name in (*Settings.model_fields, *ELSEWHERE)}
    known |= {f"{name}_FILE" for name in known}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def _wrong(where: tuple[int | str, ...], message: str) -> str:
    """One wrong setting, in words."""
    name = str(where[0]).lower()
    field = Settings.model_fields[name]
    purpose = (field.description or "").rstrip(".")
    default = (
        ""
        if field.is_required() or not isinstance(field.default, int | str)
        else f"; default: {field.default}"
    )
    return f"{PREFIX}{name.upper()}: {message.removeprefix('Value error, ')} ({purpose}{default})"
