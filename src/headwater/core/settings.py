"""Every setting of the product, in one class. Read once in wiring, passed as arguments from there on."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
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

TESTS = f"{PREFIX}TEST_"
SHORTEST_SECRET = 32
LOOPBACK = ("localhost", "127.0.0.1", "::1")


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
    """For `migrate`, `bi`, `backup`, `restore`: a login that may create roles and schemas."""

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

    supabase_url: str | None = None
    """The address of a Supabase project: tokens must name it as their issuer."""

    supabase_jwt_secret: SecretStr | None = None
    """The secret with which that project signs tokens (HS256), at least 32 bytes: people come in with
    them."""

    oidc_issuer: str | None = None
    """An OpenID Connect issuer, exactly as its tokens spell it: people come in with its tokens."""

    oidc_audience: str | None = Field(default=None, validate_default=True)
    """For whom that issuer makes tokens for us: the client's id, or the name of our API there."""

    history_months: int | None = Field(default=None, ge=1, le=1200)
    """How many whole months of history are kept beside the current one; default: all, for ever."""

    keep_days: dict[str, int | None] = Field(default_factory=dict)
    """How many days what is kept, where it differs from `headwater retention`: a JSON object, for example
    {"access": 730, "gone": 365}; null: for ever. A tenant may keep things shorter or longer for himself."""

    backups: int = Field(default=7, ge=0, le=1000)
    """How many nightly backups are kept in the data home; 0 makes none."""

    metrics_token: SecretStr | None = Field(default=None, min_length=16)
    """What Prometheus shows at /metrics to see every tenant; a key sees only its own."""

    log_mb: int = Field(default=20, ge=0, le=10_000)
    """Megabytes of the log file in the data home before a new one is begun; 0: no file."""

    log_files: int = Field(default=5, ge=0, le=1000)
    """How many old log files are kept."""

    alert_mail_url: SecretStr | None = None
    """The mail server alerts go through: smtp://user:password@host:587 (STARTTLS) or smtps://…:465."""

    alert_mail_from: str | None = None
    """Whom letters of alerts are from; default: the user in alert_mail_url."""

    alert_mail_to: str | None = None
    """Who gets them, several with commas between."""

    alert_telegram_token: SecretStr | None = None
    """The token of the Telegram bot that tells of alerts."""

    alert_telegram_chat: str | None = None
    """The chat it tells them in: a number, or @name of a channel."""

    alert_webhook_url: SecretStr | None = None
    """An address alerts are posted to as JSON."""

    alert_webhook_secret: SecretStr | None = Field(default=None, min_length=16)
    """Signs what is posted there (HMAC-SHA256)."""

    alert_allow_private: bool = False
    """Whether mail server and address may be in a network of one's own."""

    alert_language: Literal["en", "ru"] = "en"
    """In which language alerts are told."""

    alert_after_minutes: int = Field(default=5, ge=0, le=1440)
    """How long something must be wrong before it is told, and right before it counts as mended."""

    alert_again_hours: int = Field(default=24, ge=1, le=8760)
    """How often what stays wrong is told again."""

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

    backup_passphrase: SecretStr | None = None
    """Seals a copy of secret.key beside every backup; without it no backup has the key."""

    debug: bool = False
    """More log lines."""

    @field_validator("supabase_jwt_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value().encode()) < SHORTEST_SECRET:
            raise ValueError(
                f"a secret under {SHORTEST_SECRET} bytes is found by trying: let the project make a new one"
            )
        return secret

    @field_validator("supabase_url", "oidc_issuer")
    @classmethod
    def _over_tls(cls, address: str | None) -> str | None:
        parts = urlsplit(address or "https://example.com")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError(
                "it must be an https address: who can change what it says can come in as anybody"
            )
        return address

    @field_validator("oidc_audience")
    @classmethod
    def _for_us(cls, audience: str | None, others: ValidationInfo) -> str | None:
        if others.data.get("oidc_issuer") and not audience:
            raise ValueError(
                "say for whom the issuer makes our tokens: without it tokens for others would open us"
            )
        return audience

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
    """Variables of the environment that look like settings of ours and are none: slips of the pen, mostly.
    What begins with HEADWATER_TEST_ is for the test suite."""
    known = {PREFIX + name.upper() for name in (*Settings.model_fields, *ELSEWHERE)}
    known |= {f"{name}_FILE" for name in known}
    ours = [name for name in os.environ if name.startswith(PREFIX) and not name.startswith(TESTS)]
    return sorted(set(ours) - known)


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
