"""The ways out of the platform: SMTP, an SMS gateway that is spoken to by HTTP, and webhooks."""

import json
from collections.abc import Mapping
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from typing_extensions import override
from yarl import URL

from server.alerts.ports import Mailer, NotDelivered, SmsGateway, WebhookSender
from server.alerts.reach import PublicResolver, Reach
from server.kernel.lines import stays_here

TIMEOUT_S = 20.0
_STANDARD_PORTS = {"smtp": 587, "smtps": 465}
_SUCCESS = range(200, 300)


class SmtpMailer(Mailer):
    """Hands mail to one server: `smtps://USER:PASSWORD@HOST`, or `smtp://` for STARTTLS.

    Without TLS it says nothing to another machine; one that only offers it could be kept from offering it.
    """

    def __init__(self, url: str, *, sender: str) -> None:
        """Read the server's address.

        Raises:
            ValueError: it is none; the message names the setting.
        """
        parts = urlsplit(url)
        if parts.scheme not in _STANDARD_PORTS or not parts.hostname or "@" not in sender:
            message = "LIANBIAN_SMTP_URL must be smtp(s)://USER:PASSWORD@HOST, LIANBIAN_MAIL_FROM an address"
            raise ValueError(message)
        self._host, self._port = parts.hostname, parts.port or _STANDARD_PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._tls_at_once = parts.scheme == "smtps"
        self._starttls = None if self._tls_at_once or stays_here(parts.hostname) else True
        self._sender = sender

    @override
    async def send(self, message_id: str, to: str, *, subject: str, text: str) -> None:
        import aiosmtplib  # noqa: PLC0415 - the start need not load it

        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Message-ID"] = f"<{message_id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            await aiosmtplib.send(
                message,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls_at_once,
                start_tls=self._starttls,
                timeout=TIMEOUT_S,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotDelivered(type(error).__name__) from error


class HttpSmsGateway(SmsGateway):
    """Posts `{"id", "to", "text"}` as JSON to a gateway: `https://KEY@HOST/PATH`, the key as a bearer token.

    What operators' gateways want differs from one to the next; a small adapter before each speaks this.
    """

    def __init__(self, url: str) -> None:
        """Read the gateway's address.

        Raises:
            ValueError: it is none; the message names the setting.
        """
        address = URL(url)
        if address.scheme not in {"http", "https"} or not address.host or not address.user:
            message = "LIANBIAN_SMS_URL must be https://KEY@HOST/PATH"
            raise ValueError(message)
        self._headers = {"Authorization": f"Bearer {address.user}", "Content-Type": "application/json"}
        self._url = str(address.with_user(None))

    @override
    async def send(self, message_id: str, to: str, text: str) -> None:
        body = json.dumps({"id": message_id, "to": to, "text": text}, ensure_ascii=False).encode()
        await _post(self._url, self._headers, body)


class HttpWebhooks(WebhookSender):
    """Posts webhooks, as far as they may go."""

    def __init__(self, reach: Reach) -> None:
        """Keep where they may go."""
        self._reach = reach

    @override
    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        host = URL(url).host or ""
        if not self._reach.may_reach(host):
            raise NotDelivered("host not allowed")
        await _post(url, headers, body, resolver=None if self._reach.lists(host) else PublicResolver())


async def _post(
    url: str, headers: Mapping[str, str], body: bytes, *, resolver: AbstractResolver | None = None
) -> None:
    """Post once, following no redirect: a message goes where it was meant to, or nowhere."""
    session = aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), connector=aiohttp.TCPConnector(resolver=resolver)
    )
    try:
        async with session, session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise NotDelivered(type(error).__name__) from error
    if status not in _SUCCESS:
        raise NotDelivered(f"HTTP {status}")
