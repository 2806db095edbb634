"""The forwarder with real browsers: what one sends, the others see and hear, and no more than they may."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpServer
from playwright.async_api import Page

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.media.forwarder import Forwarder
from server.rooms.media.icelite import Address
from server.rooms.media.rtp import MediaKind
from server.rooms.media.udpmux import UdpMux
from tests.browser.devices import make_devices
from tests.browser.launcher import Launcher

ROOM = MeetingId("room")
LAWYER, CLIENT, GUARD = ParticipantId("lawyer"), ParticipantId("client"), ParticipantId("guard")
COLOUR, TONE_HZ = (200, 30, 30), 440
BOTH, VIDEO_ONLY = frozenset(MediaKind), frozenset({MediaKind.VIDEO})

OFFER_TO_SEND = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({video: true, audio: true});
  window.connection = new RTCPeerConnection({bundlePolicy: "max-bundle"});
  for (const track of stream.getTracks())
    connection.addTransceiver(track, {direction: "sendonly", streams: [stream]});
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""
OFFER_TO_RECEIVE = """async (kinds) => {
  window.connection = new RTCPeerConnection({bundlePolicy: "max-bundle"});
  for (const kind of kinds) connection.addTransceiver(kind, {direction: "recvonly"});
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""
CONNECT = """async (sdp) => {
  const connected = new Promise((resolve, reject) => {
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "connected") resolve();
      if (connection.connectionState === "failed") reject(new Error("failed"));
    };
  });
  await connection.setRemoteDescription({type: "answer", sdp});
  await connected;
}"""
LOOK_AND_LISTEN = """async () => {
  const tracks = connection.getReceivers().map((receiver) => receiver.track);
  const stream = new MediaStream(tracks);
  const video = Object.assign(document.createElement("video"), {srcObject: stream, muted: true});
  await video.play();
  let tone_hz = null;
  if (stream.getAudioTracks().length > 0) {
    const context = new AudioContext();
    const analyser = Object.assign(context.createAnalyser(), {fftSize: 32768});
    context.createMediaStreamSource(stream).connect(analyser);
    const heard = new Float32Array(analyser.frequencyBinCount).fill(-Infinity);
    let loudest = 0;
    for (let tries = 0; tries < 100 && !(heard[loudest] > -40); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      analyser.getFloatFrequencyData(heard);
      loudest = heard.indexOf(Math.max(...heard));
    }
    tone_hz = loudest * context.sampleRate / analyser.fftSize;
  }
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.drawImage(video, 0, 0);
  return {colour: [...canvas.getImageData(50, 50, 1, 1).data.slice(0, 3)], tone_hz};
}"""
GONE_ON = """async ([frames, repeated]) => {
  const reports = [...(await connection.getStats()).values()];
  const video = reports.find(({type, kind}) => type === "inbound-rtp" && kind === "video");
  return video.framesDecoded >= frames && video.retransmittedPacketsReceived > repeated;
}"""
"""The picture went on for so many frames, with the help of packets that were sent again."""
RECEIVED = """async () => {
  const found = {};
  for (const report of (await connection.getStats()).values())
    if (report.type === "inbound-rtp") found[report.kind] = report;
  return found;
}"""


async def empty_page(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>empty</title>", content_type="text/html")


class Studio:
    """A forwarder, and browsers to connect to it."""

    def __init__(self, launcher: Launcher, url: str, folder: Path) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self.forwarder = Forwarder(sock, addresses=("127.0.0.1",), notify=lambda _notice: None)
        self._launcher = launcher
        self._url = url
        self._folder = folder

    async def publisher(self) -> Page:
        """A browser that sends the lawyer's colour and tone."""
        devices = make_devices(self._folder, colour=COLOUR, tone_hz=TONE_HZ)
        page = await (await self._launcher.launch(devices)).new_page()
        await page.goto(self._url)
        offer = await page.evaluate(OFFER_TO_SEND)
        await page.evaluate(CONNECT, self.forwarder.publish(room=ROOM, publisher=LAWYER, offer=offer))
        return page

    async def subscriber(self, participant: ParticipantId, media: frozenset[MediaKind]) -> Page:
        """A browser that receives what `participant` may have of the lawyer's media."""
        page = await (await self._launcher.launch()).new_page()
        await page.goto(self._url)
        offer = await page.evaluate(OFFER_TO_RECEIVE, sorted(media))
        answer = self.forwarder.subscribe(
            room=ROOM, subscriber=participant, publisher=LAWYER, offer=offer, media=media
        )
        await page.evaluate(CONNECT, answer)
        return page


@pytest.fixture
async def studio(launcher: Launcher, aiohttp_server: AiohttpServer, tmp_path: Path) -> AsyncIterator[Studio]:
    application = web.Application()
    application.router.add_get("/", empty_page)
    server = await aiohttp_server(application)
    studio = Studio(launcher, str(server.make_url("/")), tmp_path / "lawyer")
    studio.forwarder.open()
    yield studio
    await studio.forwarder.close()


async def received(page: Page) -> dict[str, Any]:
    reports: dict[str, Any] = await page.evaluate(RECEIVED)
    return reports


async def test_the_client_sees_and_hears_the_lawyer_and_the_guard_only_sees(studio: Studio) -> None:
    await studio.publisher()
    client = await studio.subscriber(CLIENT, BOTH)
    guard = await studio.subscriber(GUARD, VIDEO_ONLY)
    for page, tone_hz in ((client, pytest.approx(TONE_HZ, abs=3)), (guard, None)):
        seen = await page.evaluate(LOOK_AND_LISTEN)
        assert seen["colour"] == pytest.approx(COLOUR, abs=12)
        assert seen["tone_hz"] == tone_hz
    assert (await received(client)).keys() == {"audio", "video"}
    assert (await received(guard)).keys() == {"video"}


async def test_a_removed_browser_receives_nothing_more(studio: Studio) -> None:
    await studio.publisher()
    client = await studio.subscriber(CLIENT, BOTH)
    await client.evaluate(LOOK_AND_LISTEN)
    studio.forwarder.remove(room=ROOM, participant=CLIENT)
    await asyncio.sleep(0.2)
    before = await received(client)
    await asyncio.sleep(0.5)
    after = await received(client)
    for kind in before:
        assert after[kind]["packetsReceived"] == before[kind]["packetsReceived"]


async def test_a_picture_goes_on_through_the_loss_of_every_fifth_packet(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await studio.publisher()
    client = await studio.subscriber(CLIENT, BOTH)
    await client.evaluate(LOOK_AND_LISTEN)
    send, chance = UdpMux.send, random.Random(5)  # noqa: S311 - the same losses in every run

    def lossy_send(mux: UdpMux, data: bytes | memoryview, address: Address) -> None:
        if chance.random() > 0.2:
            send(mux, data, address)

    monkeypatch.setattr(UdpMux, "send", lossy_send)
    before = (await received(client))["video"]
    await client.wait_for_function(GONE_ON, arg=[before["framesDecoded"] + 40, 10], timeout=60_000)
