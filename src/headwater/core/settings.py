"""Every setting of the product, in one class. Read once in wiring, passed as arguments from there on."""

import os
from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """The user's data directory; for root, the system's."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/headwater")
    return Path(platformdirs.user_data_dir("headwater", appauthor=False))


class Settings(BaseSettings):
    """Environment variables `HEADWATER_…` and a `.env` file beside the process."""

    model_config = SettingsConfigDict(
        env_prefix="HEADWATER_", env_file=".env", extra="ignore", use_attribute_docstrings=True
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
    """Connections kept open to the database."""

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

    keep_days: dict[str, int | None] = Field(default_factory=dict)
    """How many days what is kept, where it differs from `headwater retention`: a JSON object, for example
    {"access": 730, "gone": 365}; null: for ever. A tenant may keep things shorter or longer for himself."""

    backups: int = Field(default=7, ge=0, le=1000)
    """How many nightly backups are kept in the data home; 0 makes none."""

    debug: bool = False
    """More log lines."""
