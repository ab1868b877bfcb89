"""Who am I, what may I, what time is it: methods that need no CRM."""

from headwater.sandbox.bitrix24.books import ALL_SCOPES
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused


def _profile(call: Call) -> Outcome:
    person = call.person
    return Outcome(
        {
            "ID": str(person.id),
            "ADMIN": person.admin,
            "NAME": person.name,
            "LAST_NAME": person.last_name,
            "PERSONAL_GENDER": person.gender,
            "TIME_ZONE": "",
        }
    )


def _scope(call: Call) -> Outcome:
    return Outcome(list(ALL_SCOPES) if call.flag("full") else list(call.webhook.scopes))


def _time(call: Call) -> Outcome:
    return Outcome(call.portal.clock.shown())


def _feature(call: Call) -> Outcome:
    code = call.text("code")
    if not code:
        raise Refused(400, "CODE_EMPTY", "Code can't be empty")
    return Outcome({"value": call.portal.books.features.get(code, "N")})


def _app(_: Call) -> Outcome:
    raise AssertionError("refused before it runs: a webhook has no application")


def _admin(call: Call) -> Outcome:
    return Outcome(call.person.admin)


_FOR_APPS = (
    "app.info", "events", "event.bind", "event.get", "event.unbind", "event.test", "event.offline.get",
    "event.offline.list", "event.offline.clear", "event.offline.error",
)  # fmt: skip

METHODS: Methods = {
    "profile": Method(_profile),
    "scope": Method(_scope),
    "server.time": Method(_time),
    "feature.get": Method(_feature),
    "user.admin": Method(_admin),
} | {name: Method(_app, app_only=True) for name in _FOR_APPS}
