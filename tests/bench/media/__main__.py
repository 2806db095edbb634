"""Measure what one forwarded packet costs: ours, and Janus beside it where it can be had."""

import argparse
import asyncio
import json
import os
import statistics
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from tests.bench.media.janus import installation, janus
from tests.bench.media.load import Receiver, Sender, pump
from tests.bench.media.ours import ours
from tests.bench.media.place import Place, cpu_s, go_first, place

ROOMS = 24
RUNS = 3
WARM_UP_S = 0.5
MAX_LOSS = 0.005

Server = Callable[[Place, int], AbstractAsyncContextManager[tuple[int, list[Sender], list[Receiver]]]]


async def cost_us(name: str, server: Server, where: Place, duration_s: float) -> float:
    """Return the median CPU time for one forwarded packet.

    Raises:
        AssertionError: packets were lost or changed, so that the figure would mean nothing.
    """
    async with server(where, ROOMS) as (process, senders, receivers):
        await asyncio.sleep(0.5)
        pump(senders, receivers, duration_s=WARM_UP_S)
        costs_us = []
        for _ in range(RUNS):
            before_s = cpu_s(process)
            pumped = pump(senders, receivers, duration_s=duration_s)
            used_s = cpu_s(process) - before_s
            assert pumped.received >= (1 - MAX_LOSS) * pumped.sent, pumped
            costs_us.append(used_s / pumped.received * 1e6)
            print(
                f"{name}: {costs_us[-1]:.1f} µs for each of {pumped.received} packets "
                f"({pumped.sent - pumped.received} lost), {pumped.delay_ms:.2f} ms under way, "
                f"{100 * used_s / duration_s:.0f} % of a core"
            )
            # The peers' checks go on here, before anyone's consent runs out.
            await asyncio.sleep(0.1)
        for peer in [sender.peer for sender in senders] + [receiver.peer for receiver in receivers]:
            peer.close()
        return statistics.median(costs_us)


async def measure(duration_s: float) -> dict[str, float | None]:
    """Measure both servers in the same place."""
    go_first()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}; {ROOMS} rooms of two")
    async with place() as where:
        print(f"server at {where.server}")
        ours_us = await cost_us("ours", ours, where, duration_s)
        if where.namespace is None or installation() is None:
            print("no Janus, or no right to make a network namespace: ours only")
            return {"ours": ours_us, "janus": None}
        return {"ours": ours_us, "janus": await cost_us("janus", janus, where, duration_s)}


def main() -> None:
    """Print the figures, as one JSON object in the last line if asked for."""
    parser = argparse.ArgumentParser(prog="run.py bench media", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each of the three runs")
    options = parser.parse_args()
    costs = asyncio.run(measure(options.seconds))
    ours_us, janus_us = costs["ours"], costs["janus"]
    ratio = round(ours_us / janus_us, 3) if ours_us is not None and janus_us is not None else None
    print(f"ours {ours_us}, janus {janus_us}, ratio {ratio}")
    if options.json:
        figures = {"ours_us_per_forward": ours_us, "janus_us_per_forward": janus_us, "ratio": ratio}
        print(json.dumps({name: {"two_party_24": figure} for name, figure in figures.items()}))


if __name__ == "__main__":
    main()
