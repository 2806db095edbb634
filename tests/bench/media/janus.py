"""Janus (Debian's package, its defaults) with the same two-party rooms, through its videoroom plugin."""

import asyncio
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp

from tests.bench.media.load import Receiver, Sender
from tests.bench.media.place import Place, running
from tests.peers import CERTIFICATE, Peer, fingerprint

_HTTP_PORT = 18_088
_START_S = 10.0

Reply: TypeAlias = dict[str, Any]
"""A message of Janus's, as it comes."""

_SERVER = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{installed}/plugins"
  transports_folder = "{installed}/transports"
  events_folder = "{folder}/none"
  loggers_folder = "{folder}/none"
  debug_level = 1
  session_timeout = 0
}}
nat: {{ ice_lite = true  full_trickle = false  ice_enforce_list = "{interface}" }}
plugins: {{ disable = "{unused_plugins}" }}
transports: {{ disable = "{unused_transports}" }}
"""
_HTTP = """
general: {{
  json = "compact"
  base_path = "/janus"
  http = true
  port = {port}
  ip = "{address}"
  https = false
}}
"""


def installation() -> Path | None:
    """Return the folder of Janus's plugins, if it is installed."""
    found = sorted(Path("/usr/lib").glob("*/janus/plugins/libjanus_videoroom.so"))
    return found[0].parents[1] if found and shutil.which("janus") else None


@asynccontextmanager
async def janus(where: Place, rooms: int) -> AsyncIterator[tuple[int, list[Sender], list[Receiver]]]:
    """Run Janus with so many rooms of two; give its process id and the connected peers."""
    installed = installation()
    assert installed is not None
    assert where.namespace is not None
    with tempfile.TemporaryDirectory() as folder:
        _configure(Path(folder), installed, where)
        command = ("janus", "-F", folder)
        async with running(where, command) as process, aiohttp.ClientSession() as http:
            api = _Api(http, f"http://{where.server}:{_HTTP_PORT}/janus")
            await api.wait_for_start()
            senders: list[Sender] = []
            receivers: list[Receiver] = []
            for number in range(1, rooms + 1):
                await _room(api, number)
                for _party in range(2):
                    sender, feed = await _publish(api, number, where, len(senders))
                    senders.append(sender)
                    receivers.append(Receiver(await _subscribe(api, number, feed, where), sender))
            yield process, senders, receivers


def _configure(folder: Path, installed: Path, where: Place) -> None:
    def all_but(kind: str, wanted: str) -> str:
        return ",".join(file.name for file in (installed / kind).glob("*.so") if file.name != wanted)

    (folder / "janus.jcfg").write_text(
        _SERVER.format(
            folder=folder,
            installed=installed,
            interface=where.namespace,
            unused_plugins=all_but("plugins", "libjanus_videoroom.so"),
            unused_transports=all_but("transports", "libjanus_http.so"),
        )
    )
    (folder / "janus.transport.http.jcfg").write_text(_HTTP.format(port=_HTTP_PORT, address=where.server))
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: {}\n")


class _Handle:
    """A session with one plugin handle (Janus's words)."""

    def __init__(self, api: "_Api", session: int, handle: int) -> None:
        self._api = api
        self._session = session
        self._handle = handle

    async def ask(self, body: Mapping[str, object], jsep: Mapping[str, str] | None = None) -> Reply:
        extra = {"jsep": jsep} if jsep else {}
        path = f"/{self._session}/{self._handle}"
        reply = await self._api.post(path, janus="message", body=body, **extra)
        data: Reply = reply.get("plugindata", {}).get("data", {})
        return data

    async def event(self) -> Reply:
        """Return the next event of the plugin, with its description if it brings one."""
        while True:
            event = await self._api.get(f"/{self._session}?maxev=1")
            if event.get("janus") == "event":
                assert "error" not in event["plugindata"]["data"], event
                return event


class _Api:
    """Janus over HTTP: requests by POST, events by long polling."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def wait_for_start(self) -> None:
        async with asyncio.timeout(_START_S):
            while True:
                try:
                    await self.get("/info")
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
                else:
                    return

    async def post(self, path: str, **message: object) -> Reply:
        message["transaction"] = secrets.token_hex(6)
        async with self._http.post(self._url + path, json=message) as response:
            reply: Reply = await response.json(content_type=None)
            return reply

    async def get(self, path: str) -> Reply:
        async with self._http.get(self._url + path) as response:
            reply: Reply = await response.json(content_type=None)
            return reply

    async def handle(self) -> _Handle:
        session = (await self.post("", janus="create"))["data"]["id"]
        attached = await self.post(f"/{session}", janus="attach", plugin="janus.plugin.videoroom")
        return _Handle(self, session, attached["data"]["id"])


async def _room(api: _Api, number: int) -> None:
    handle = await api.handle()
    created = await handle.ask(
        {"request": "create", "room": number, "publishers": 2, "videocodec": "vp8", "fir_freq": 0}
    )
    assert created["videoroom"] == "created", created


async def _publish(api: _Api, room: int, where: Place, number: int) -> tuple[Sender, int]:
    handle = await api.handle()
    await handle.ask({"request": "join", "ptype": "publisher", "room": room})
    feed = (await handle.event())["plugindata"]["data"]["id"]
    peer = await Peer.open("sendonly", ("video",), host=where.load)
    await handle.ask({"request": "publish"}, {"type": "offer", "sdp": peer.offer()})
    await peer.connect(await _description(handle))
    return Sender(number, peer), feed


async def _subscribe(api: _Api, room: int, feed: int, where: Place) -> Peer:
    handle = await api.handle()
    await handle.ask({"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]})
    offer = await _description(handle)
    peer = await Peer.open("recvonly", ("video",), host=where.load)
    await handle.ask({"request": "start"}, {"type": "answer", "sdp": _answer(peer, offer)})
    await peer.connect(offer)
    return peer


async def _description(handle: _Handle) -> str:
    while True:
        event = await handle.event()
        if "jsep" in event:
            sdp: str = event["jsep"]["sdp"]
            return sdp


def _answer(peer: Peer, offer: str) -> str:
    """Write the answer of a subscriber that will begin the handshake."""
    mid, codec = re.search(r"a=mid:(\S+)", offer), re.search(r"a=rtpmap:(\d+) VP8/90000", offer)
    assert mid is not None
    assert codec is not None
    host, port = peer.transport.get_extra_info("sockname")[:2]
    return "\r\n".join(
        (
            "v=0",
            "o=- 1 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {mid[1]}",
            f"m=video 9 UDP/TLS/RTP/SAVPF {codec[1]}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{mid[1]}",
            "a=recvonly",
            f"a=ice-ufrag:{peer.fragment}",
            f"a=ice-pwd:{peer.password}",
            f"a=fingerprint:sha-256 {fingerprint(CERTIFICATE)}",
            "a=setup:active",
            "a=rtcp-mux",
            f"a=rtpmap:{codec[1]} VP8/90000",
            f"a=candidate:1 1 udp 2130706431 {host} {port} typ host",
            "a=end-of-candidates",
            "",
        )
    )
