"""Letters by a Telegram bot: sendMessage of https://core.telegram.org/bots/api#sendmessage."""

import re
from typing import Any, ClassVar

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.letters import Letter
from headwater.network.client import Answer, Http, Unreadable, parsed
from headwater.network.way import PLAIN, Network

SERVER = "https://api.telegram.org"
TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{10,100}")
LONGEST = 4_000  # characters; Telegram takes 4,096


class Telegram:
    """Sends letters into one chat."""

    name: ClassVar[str] = "telegram"

    def __init__(self, token: str, chat: str, *, network: Network = PLAIN, server: str = SERVER) -> None:
        if not TOKEN.fullmatch(token):
            raise NeedsPerson("HEADWATER_ALERT_TELEGRAM_TOKEN is none: BotFather gives one like 123456:AAE…")
        self._token = token
        self._chat = chat
        self._network = network
        self._server = server

    async def send(self, letter: Letter) -> None:
        text = f"{letter.subject}\n\n{letter.text}"
        data = {
            "chat_id": self._chat,
            "text": text if len(text) <= LONGEST else text[:LONGEST] + "…",
            "link_preview_options": {"is_disabled": True},
        }
        http = Http(
            hidden=[self._token],
            network=self._network,
            origin=self._server.partition("://")[2],
            limit=100_000,
        )
        try:
            answer = await http.post(
                f"{self._server}/bot{self._token}/sendMessage", data, what="a message to Telegram"
            )
        finally:
            await http.close()
        _judged(answer)


def _judged(answer: Answer) -> None:
    """Nothing when it arrived; otherwise our error."""
    try:
        body: Any = parsed(answer.body)
    except Unreadable:
        body = None
    told = body if isinstance(body, dict) else {}
    if answer.status == 200 and told.get("ok") is True:
        return
    said = " ".join(str(told.get("description", "no word")).split())[:200]
    where = f"Telegram refuses ({answer.status}, {said})"
    if answer.status in (401, 404):
        raise NeedsPerson(f"{where}: look at HEADWATER_ALERT_TELEGRAM_TOKEN")
    if answer.status in (400, 403):
        raise NeedsPerson(
            f"{where}: look at HEADWATER_ALERT_TELEGRAM_CHAT, and let the bot into that chat first"
        )
    more = told.get("parameters")
    wait = more.get("retry_after") if isinstance(more, dict) else None
    raise RetryLater(f"{where}: it is tried again", wait=float(wait) if isinstance(wait, int) else None)
