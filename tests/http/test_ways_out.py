"""The ways out against real servers: SMTP, and HTTP as gateways and agencies answer it."""

from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from server.alerts.ports import NotDelivered
from server.alerts.reach import Reach, is_public
from server.alerts.ways_out import HttpSmsGateway, HttpWebhooks, SmtpMailer

HERE = Reach(("127.0.0.1",))
"""Where the tests' own servers are: no webhook goes there unless it is listed."""


class Inbox:
    """A mail server's end of the line."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope)
        return self.answer


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def mail_server(inbox: Inbox, unused_tcp_port: int) -> Iterator[Controller]:
    controller = Controller(inbox, hostname="127.0.0.1", port=unused_tcp_port)
    controller.start()
    yield controller
    controller.stop()


def mailer(server: Controller) -> SmtpMailer:
    return SmtpMailer(f"smtp://127.0.0.1:{server.port}", sender="lianbian@fayuan.example")


async def test_mail_arrives_with_its_id(mail_server: Controller, inbox: Inbox) -> None:
    await mailer(mail_server).send("msg_1", "zhou@example.com", subject="联辩：期限", text="请登录查看。\n")
    (envelope,) = inbox.got
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert envelope.rcpt_tos == ["zhou@example.com"]
    assert message["Message-ID"] == "<msg_1@fayuan.example>"
    assert message["Subject"] == "联辩：期限"
    assert message.get_content().strip() == "请登录查看。"


async def test_mail_that_the_server_refuses_is_not_delivered(mail_server: Controller, inbox: Inbox) -> None:
    inbox.answer = "451 try later"
    with pytest.raises(NotDelivered):
        await mailer(mail_server).send("msg_1", "zhou@example.com", subject="x", text="y")


async def test_mail_to_a_server_that_is_away_is_not_delivered(unused_tcp_port: int) -> None:
    nobody = SmtpMailer(f"smtp://127.0.0.1:{unused_tcp_port}", sender="a@b.example")
    with pytest.raises(NotDelivered):
        await nobody.send("msg_1", "zhou@example.com", subject="x", text="y")


async def test_another_machine_that_offers_no_tls_gets_no_mail(mail_server: Controller, inbox: Inbox) -> None:
    elsewhere = SmtpMailer(
        f"smtp://127.1:{mail_server.port}", sender="a@b.example"
    )  # nobody knows it for ours
    with pytest.raises(NotDelivered):
        await elsewhere.send("msg_1", "zhou@example.com", subject="x", text="y")
    assert inbox.got == []


@pytest.mark.parametrize("url", ["http://h", "smtp://", "smtps://u:p@h x"])
def test_a_mail_server_that_is_none_is_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match="LIANBIAN_SMTP_URL"):
        SmtpMailer(url, sender="nobody" if url.endswith("x") else "a@b.example")


@pytest.mark.parametrize("url", ["ftp://k@h/", "https://h/sms", "nothing"])
def test_a_gateway_that_is_none_is_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match="LIANBIAN_SMS_URL"):
        HttpSmsGateway(url)


class Answering:
    """A server that notes what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[str, dict[str, str], Any]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append((request.path, dict(request.headers), await request.json()))
        headers = {"Location": "/elsewhere"} if 300 <= self.status < 400 else {}
        return web.Response(status=self.status, headers=headers)


@pytest.fixture
async def answering() -> Answering:
    return Answering()


@pytest.fixture
async def server(answering: Answering) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_post("/{path:.*}", answering.answer)
    running = TestServer(app)
    async with running:
        yield running


async def test_a_short_message_reaches_the_gateway_with_the_key(
    server: TestServer, answering: Answering
) -> None:
    gateway = HttpSmsGateway(str(server.make_url("/sms").with_user("the-key")))
    await gateway.send("msg_1", "13800000000", "请登录平台查看。")
    ((path, headers, body),) = answering.got
    assert (path, headers["Authorization"]) == ("/sms", "Bearer the-key")
    assert body == {"id": "msg_1", "to": "13800000000", "text": "请登录平台查看。"}


@pytest.mark.parametrize("status", [302, 307, 400, 500])
async def test_an_answer_that_is_no_success_delivers_nothing_and_is_not_followed(
    server: TestServer, answering: Answering, status: int
) -> None:
    answering.status = status
    with pytest.raises(NotDelivered, match=str(status)):
        await HttpWebhooks(HERE).send(str(server.make_url("/hook")), {"webhook-id": "msg_1"}, b"{}")
    assert [path for path, _, _ in answering.got] == ["/hook"]


async def test_a_server_that_is_away_gets_nothing(unused_tcp_port: int) -> None:
    with pytest.raises(NotDelivered):
        await HttpWebhooks(HERE).send(f"http://127.0.0.1:{unused_tcp_port}/", {}, b"{}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"])
async def test_no_webhook_reaches_the_installations_own_network(
    server: TestServer, answering: Answering, host: str
) -> None:
    with pytest.raises(NotDelivered):
        await HttpWebhooks(Reach()).send(f"http://{host}:{server.port}/hook", {}, b"{}")
    assert answering.got == []


async def test_a_listed_host_is_reached_wherever_it_is_and_no_other(
    server: TestServer, answering: Answering
) -> None:
    listed = HttpWebhooks(Reach(("localhost",)))
    await listed.send(f"http://localhost:{server.port}/hook", {}, b"{}")
    with pytest.raises(NotDelivered):
        await listed.send(f"http://127.0.0.1:{server.port}/hook", {}, b"{}")
    assert [path for path, _, _ in answering.got] == ["/hook"]


def test_a_name_with_a_dot_before_it_lists_all_below_it() -> None:
    reach = Reach(("hooks.court.example", ".police.example"))
    assert [reach.may_name(f"{host}.example") for host in ("hooks.court", "a.police", "a.b.police")] == [
        True
    ] * 3
    assert not any(
        reach.may_name(f"{host}.example") for host in ("court", "a.hooks.court", "police", "nopolice")
    )


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
    ],
)
def test_addresses_of_closed_networks_are_none_of_the_internet(address: str) -> None:
    assert not is_public(address)
    assert is_public("93.184.215.14")
