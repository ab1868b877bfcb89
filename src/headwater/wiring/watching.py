"""Who looks how everything is, and by which ways people are told."""

from collections.abc import Sequence
from datetime import timedelta

from headwater.core.errors import NeedsPerson
from headwater.core.ports import Channel, Clock
from headwater.core.settings import Settings
from headwater.jobs.alerting import Alerting, Patience
from headwater.jobs.conditions import Bounds, Condition, conditions
from headwater.network.way import Network
from headwater.outside.mail import Mail, Server
from headwater.outside.telegram import Telegram
from headwater.outside.webhook import Webhook
from headwater.sync.report import everybody, house_report, report
from headwater.warehouse.connections import Tenant
from headwater.wiring.opened import House

LOOK_SECONDS = 10.0
"""Nobody waits for a look: it may take longer than an answer."""


def alerting(house: House) -> Alerting:
    """What judges and tells. NeedsPerson names a setting that cannot be used."""
    settings = house.settings

    async def looked() -> Sequence[Condition]:
        return await wrong(house)

    return Alerting(
        house.warehouse, house.clock,
        looked=looked,
        channels=channels(settings, house.clock),
        patience=Patience(
            timedelta(minutes=settings.alert_after_minutes), timedelta(hours=settings.alert_again_hours)
        ),
        language=settings.alert_language,
    )  # fmt: skip


async def wrong(house: House, tenant: Tenant | None = None) -> list[Condition]:
    """Everything that is wrong now, of all tenants or of one, and of the house."""
    now = house.clock.now()
    whole = await house_report(house.warehouse, house.clock, house.settings.home, seconds=LOOK_SECONDS)
    tenants = await everybody(house.warehouse) if tenant is None else [tenant]
    reports = await report(house.warehouse, tenants, now=now, seconds=LOOK_SECONDS)
    return list(conditions(whole, reports, bounds(house.settings)))


def bounds(settings: Settings) -> Bounds:
    """From where on something is wrong, by these settings."""
    return Bounds(backups_expected=backs_up(settings))


def backs_up(settings: Settings) -> bool:
    """Whether a copy of the database is made every night."""
    ours = settings.admin_database_url is not None or settings.database_url is None
    return settings.backups > 0 and ours


def channels(settings: Settings, clock: Clock) -> list[Channel]:
    """The ways to people that settings name."""
    network = Network(
        allow_private=settings.alert_allow_private,
        permission="set HEADWATER_ALERT_ALLOW_PRIVATE=true",
    )
    found: list[Channel] = []
    if settings.alert_mail_url is not None:
        server = Server.of(settings.alert_mail_url.get_secret_value())
        sender = settings.alert_mail_from or server.user
        to = [one for one in (settings.alert_mail_to or "").split(",") if one.strip()]
        if not to:
            raise NeedsPerson("HEADWATER_ALERT_MAIL_TO is missing: whom letters of alerts go to")
        found.append(Mail(server, sender, to, network=network))
    if settings.alert_telegram_token is not None:
        if not settings.alert_telegram_chat:
            raise NeedsPerson("HEADWATER_ALERT_TELEGRAM_CHAT is missing: the chat alerts are told in")
        token = settings.alert_telegram_token.get_secret_value()
        found.append(Telegram(token, settings.alert_telegram_chat, network=network))
    if settings.alert_webhook_url is not None:
        secret = settings.alert_webhook_secret
        found.append(
            Webhook(
                settings.alert_webhook_url.get_secret_value(),
                None if secret is None else secret.get_secret_value(),
                clock=clock, network=network,
            )
        )  # fmt: skip
    return found
