"""A rehearsal Bitrix24 portal: `serve` it, or take it as an ASGI `app` in the same process."""

from headwater.sandbox.bitrix24.apps import Grant
from headwater.sandbox.bitrix24.books import App, Books, Handler, Person, Pipeline, UserField, Webhook
from headwater.sandbox.bitrix24.bulk import crowd, sizes_of
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.company import found
from headwater.sandbox.bitrix24.door import app
from headwater.sandbox.bitrix24.events import Message
from headwater.sandbox.bitrix24.faults import Fault, Kind
from headwater.sandbox.bitrix24.fill import filled
from headwater.sandbox.bitrix24.history import live
from headwater.sandbox.bitrix24.limits import Accounting, Plan, Rules, Shown
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.server import Address, Options, built, serve, served
from headwater.sandbox.bitrix24.state import State
from headwater.sandbox.bitrix24.wide import widen

__all__ = [
    "Accounting",
    "Address",
    "App",
    "Books",
    "Fault",
    "Grant",
    "Handler",
    "Kind",
    "Message",
    "Options",
    "Person",
    "Pipeline",
    "Plan",
    "Portal",
    "PortalClock",
    "Rules",
    "Shown",
    "State",
    "UserField",
    "Webhook",
    "app",
    "built",
    "crowd",
    "filled",
    "found",
    "live",
    "serve",
    "served",
    "sizes_of",
    "widen",
]
