"""Fake cameras and microphones: a plain colour and a pure tone tell whose picture and sound arrive."""

import math
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

WIDTH_PX, HEIGHT_PX, FRAMES_PER_S = 320, 240, 15
SAMPLES_PER_S = 48_000


@dataclass(frozen=True, slots=True)
class Devices:
    """The files that stand in for one person's camera and microphone; the browser plays them in a loop."""

    camera: Path
    microphone: Path

    @property
    def flags(self) -> tuple[str, str]:
        """What Chromium is started with."""
        return (
            f"--use-file-for-fake-video-capture={self.camera}",
            f"--use-file-for-fake-audio-capture={self.microphone}",
        )


def make_devices(folder: Path, *, colour: tuple[int, int, int], tone_hz: int) -> Devices:
    """Writes one second of each; `colour` is red, green and blue of 0 to 255."""
    folder.mkdir(parents=True, exist_ok=True)
    devices = Devices(folder / "camera.y4m", folder / "microphone.wav")
    _write_colour(devices.camera, colour)
    _write_tone(devices.microphone, tone_hz)
    return devices


def _write_colour(path: Path, colour: tuple[int, int, int]) -> None:
    """YUV4MPEG2 with 4:2:0 frames (ITU-R BT.601, limited range)."""
    red, green, blue = (part / 255 for part in colour)
    luma = round(16 + 65.481 * red + 128.553 * green + 24.966 * blue)
    blueness = round(128 - 37.797 * red - 74.203 * green + 112.0 * blue)
    redness = round(128 + 112.0 * red - 93.786 * green - 18.214 * blue)
    quarter = WIDTH_PX * HEIGHT_PX // 4
    frame = (
        b"FRAME\n" + bytes([luma]) * (4 * quarter) + bytes([blueness]) * quarter + bytes([redness]) * quarter
    )
    header = f"YUV4MPEG2 W{WIDTH_PX} H{HEIGHT_PX} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n"
    path.write_bytes(header.encode() + frame * FRAMES_PER_S)


def _write_tone(path: Path, tone_hz: int) -> None:
    """A whole number of waves, so that the loop has no click."""
    samples = (round(12_000 * math.sin(math.tau * tone_hz * n / SAMPLES_PER_S)) for n in range(SAMPLES_PER_S))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES_PER_S)
        file.writeframes(struct.pack(f"<{SAMPLES_PER_S}h", *samples))
