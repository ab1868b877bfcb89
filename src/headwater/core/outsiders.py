"""Words for who stands before our doors: origins of web pages, addresses and networks of proxies."""

import ipaddress
import re

from headwater.core.errors import Unfit

ORIGIN = re.compile(r"https?://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(?::\d{1,5})?")


def origin_of(word: str) -> str:
    """An origin as browsers write it. Unfit for anything that names more, or less, than one."""
    origin = word.lower()
    if not ORIGIN.fullmatch(origin):
        raise Unfit(
            f"{word!r} is no origin: write scheme and host exactly, as https://app.example.com, without a "
            "path; there is no way to mean all of them"
        )
    return origin


def network_of(word: str) -> str:
    """An address or a network. Unfit for a name, and for a network that is everybody."""
    try:
        network = ipaddress.ip_network(word)
    except ValueError as exc:
        raise Unfit(f"{word!r} is no address and no network: write 10.0.0.7 or 10.0.0.0/24") from exc
    if network.prefixlen == 0:
        raise Unfit(f"{word!r} is everybody: name the proxies, or anybody could say that he is somebody else")
    return word
