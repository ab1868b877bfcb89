"""`headwater health`: asks the running service how it is, for containers and scripts."""

import http.client
import json
from typing import Annotated, Any

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, guarded, settings
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.settings import Settings

LARGEST_BYTES = 1_000_000
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (asked here, not listened on)


def health(
    timeout: Annotated[float, typer.Option(min=0.1, max=300, help="Seconds to wait for an answer.")] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Ask the service that runs here how it is; exit code 0 when it can do its work, 4 when not.

    It asks where HEADWATER_HOST and HEADWATER_PORT say that `headwater serve` listens. For health checks of
    containers: it opens no database and needs no key.

    Examples: headwater health · headwater health --json --timeout 2
    """
    found = guarded(lambda: asked(settings(), timeout), as_json=as_json)
    if as_json:
        say.json(found)
    else:
        say.line("health_ok", version=found.get("version"), status=found.get("status"))


def asked(known: Settings, timeout: float) -> dict[str, Any]:
    """What the service says of itself. RetryLater when it does not answer, or cannot work."""
    if known.port == 0:
        raise NeedsPerson("HEADWATER_PORT is 0: nobody can know which port was free; name one")
    host = EVERYWHERE.get(known.host, known.host)
    line = http.client.HTTPConnection(host, known.port, timeout=timeout)
    try:
        line.request("GET", "/health", headers={"accept": "application/json"})
        answer = line.getresponse()
        said = json.loads(answer.read(LARGEST_BYTES))
    except (OSError, http.client.HTTPException) as exc:
        raise RetryLater(
            f"no service answers on {host}:{known.port} ({exc or type(exc).__name__}): start it with "
            "`headwater serve`, or look into its log"
        ) from exc
    except ValueError as exc:
        raise RetryLater(
            f"what answers on {host}:{known.port} is not Headwater: is the port another's?"
        ) from exc
    finally:
        line.close()
    if not isinstance(said, dict) or "status" not in said:
        raise RetryLater(f"what answers on {host}:{known.port} is not Headwater: is the port another's?")
    if answer.status != http.client.OK:
        raise RetryLater(f"the service answers, but cannot work: {said['status']}")
    return said
