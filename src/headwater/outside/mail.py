"""Letters by mail: over a server that was named, to addresses that were checked."""

import asyncio
import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.letters import Letter
from headwater.network.way import PLAIN, Network, Resolve, check, is_loopback, resolved, trusting

SECONDS = 20.0
ADDRESS = re.compile(r"\S+@\S+")  # servers repeat them, and they are somebody's


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. `implicit`: TLS from the first byte; otherwise it is begun by STARTTLS."""

    host: str
    port: int
    implicit: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> "Server":
        """The server of an address. Raises NeedsPerson without repeating what may hold a password."""
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
            usable = usable and not parts.query and not parts.fragment and parts.path in ("", "/")
            port = parts.port or (465 if parts.scheme == "smtps" else 587)
        except ValueError:
            usable, port = None, 0
        if not usable:
            raise NeedsPerson(
                "HEADWATER_ALERT_MAIL_URL cannot be used: write smtp://user:password@host:587 or "
                "smtps://user:password@host:465"
            )
        return cls(
            parts.hostname or "", port, parts.scheme == "smtps",
            unquote(parts.username or ""), unquote(parts.password or ""),
        )  # fmt: skip


class Mail:
    """Sends letters from one address to some others."""

    name: ClassVar[str] = "mail"

    def __init__(
        self,
        server: Server,
        sender: str,
        to: Sequence[str],
        *,
        network: Network = PLAIN,
        resolve: Resolve = resolved,
    ) -> None:
        self._server = server
        self._sender = _address(sender, "HEADWATER_ALERT_MAIL_FROM")
        self._to = [_address(one, "HEADWATER_ALERT_MAIL_TO") for one in to]
        self._network = network
        self._resolve = resolve

    async def send(self, letter: Letter) -> None:
        host, port = self._server.host, self._server.port
        try:
            async with asyncio.timeout(SECONDS):
                addresses = await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError) as exc:
            raise RetryLater(f"the mail server {host} is not found: {exc or 'no answer in time'}") from exc
        if not addresses:
            raise RetryLater(f"the mail server {host} has no address")
        for address in addresses:
            check(host, address, self._network, loopback=is_loopback(host))
        await asyncio.to_thread(self._sent, letter, addresses)

    def _sent(self, letter: Letter, addresses: Sequence[str]) -> None:
        where = f"{self._server.host}:{self._server.port}"
        try:
            session = self._opened(addresses)
            try:
                self._entered(session)
                refused = session.send_message(self._message(letter), self._sender, self._to)
                with suppress(OSError, smtplib.SMTPException):  # the letter is taken, however the line ends
                    session.quit()
            finally:
                session.close()
        except smtplib.SMTPAuthenticationError as exc:
            raise NeedsPerson(
                f"the mail server {where} does not take the login ({exc.smtp_code}): look at "
                "HEADWATER_ALERT_MAIL_URL"
            ) from exc
        except smtplib.SMTPRecipientsRefused as exc:
            raise NeedsPerson(
                f"the mail server {where} takes nothing for these addresses: look at HEADWATER_ALERT_MAIL_TO"
            ) from exc
        except UnicodeEncodeError as exc:
            raise NeedsPerson(
                "HEADWATER_ALERT_MAIL_URL: login and password of a mail server may hold ASCII signs only"
            ) from exc
        except ssl.SSLCertVerificationError as exc:
            raise NeedsPerson(
                f"the certificate of the mail server {where} is not trusted ({exc.verify_message})"
            ) from exc
        except smtplib.SMTPResponseException as exc:
            kind = NeedsPerson if 500 <= exc.smtp_code < 600 else RetryLater
            raise kind(f"the mail server {where} refuses ({exc.smtp_code} {_said(exc.smtp_error)})") from exc
        except (OSError, smtplib.SMTPException) as exc:
            raise RetryLater(f"the mail server {where} does not answer ({exc}): it is tried again") from exc
        if refused:
            raise NeedsPerson(
                f"the mail server {where} takes nothing for {len(refused)} of {len(self._to)} addresses: "
                "look at HEADWATER_ALERT_MAIL_TO"
            )

    def _opened(self, addresses: Sequence[str]) -> smtplib.SMTP:
        server = self._server
        if server.implicit:
            return _Safe(
                server.host, server.port, timeout=SECONDS, context=self._trust(), addresses=addresses
            )
        return _Plain(server.host, server.port, timeout=SECONDS, addresses=addresses)

    def _entered(self, session: smtplib.SMTP) -> None:
        """TLS where the server has it, and the login; a password goes nowhere in the open."""
        server = self._server
        session.ehlo()
        if not server.implicit and session.has_extn("starttls"):
            session.starttls(context=self._trust())
            session.ehlo()
        elif not server.implicit and server.user and not is_loopback(server.host):
            raise NeedsPerson(
                f"the mail server {server.host} offers no TLS, and a password would go in the open: use "
                "smtps://, or a server with STARTTLS"
            )
        if server.user:
            session.login(server.user, server.password)

    def _trust(self) -> ssl.SSLContext:
        return trusting(self._network.ca) if self._network.ca else ssl.create_default_context()

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(self._to)
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{letter.number}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message


class _Plain(smtplib.SMTP):
    """Connects to addresses that were checked, whatever the name leads to by now."""

    def __init__(self, host: str, port: int, *, addresses: Sequence[str], **more: Any) -> None:
        self._addresses = addresses
        super().__init__(host, port, **more)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 (the library's)
        return _connected(self._addresses, port, timeout)


class _Safe(smtplib.SMTP_SSL):
    """The same over TLS from the first byte; the certificate is to be the name's."""

    def __init__(self, host: str, port: int, *, addresses: Sequence[str], **more: Any) -> None:
        self._addresses = addresses
        super().__init__(host, port, **more)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = _connected(self._addresses, port, timeout)
        return self.context.wrap_socket(plain, server_hostname=host)


def _connected(addresses: Sequence[str], port: int, timeout: float) -> socket.socket:
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout)


def _address(given: str, setting: str) -> str:
    text = given.strip()
    if any(sign in text for sign in "\r\n") or "@" not in parseaddr(text)[1]:
        raise NeedsPerson(f"{setting}: {given!r} is no mail address")
    return text


def _said(words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return " ".join(ADDRESS.sub("…", text).split())[:200]
