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
    return Outcome(list(ALL_SCOPES) if call.flag("full") else list(call.scopes))


def _time(call: Call) -> Outcome:
    return Outcome(call.portal.clock.shown())


def _feature(call: Call) -> Outcome:
    code = call.text("code")
    if not code:
        raise Refused(400, "CODE_EMPTY", "Code can't be empty")
    return Outcome({"value": call.portal.books.features.get(code, "N")})


def _admin(call: Call) -> Outcome:
    return Outcome(call.person.admin)


METHODS: Methods = {
    "profile": Method(_profile),
    "scope": Method(_scope),
    "server.time": Method(_time),
    "feature.get": Method(_feature),
    "user.admin": Method(_admin),
}
