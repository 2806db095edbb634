import pytest

from server.rooms.media.bandwidth import CEILING_BPS, FLOOR_BPS, START_BPS, Estimate
from server.rooms.media.throttle import (
    KEYFRAME_INTERVAL_S,
    REPEAT_BURST_BYTES,
    Allowance,
    KeyframeThrottle,
    RepeatLimit,
)


@pytest.mark.parametrize(
    ("fraction_lost", "bitrate_bps"),
    [(0, 648_000), (5, 648_000), (6, 600_000), (25, 600_000), (51, 540_234), (255, 301_171)],
)
def test_a_report_of_loss_corrects_the_estimate(fraction_lost: int, bitrate_bps: int) -> None:
    estimate = Estimate()
    assert estimate.bitrate_bps == START_BPS
    estimate.loss_reported(fraction_lost, 10.0)
    assert estimate.bitrate_bps == bitrate_bps


def test_the_estimate_stays_between_floor_and_ceiling() -> None:
    good, bad = Estimate(), Estimate()
    for second in range(100):
        good.loss_reported(0, float(second))
        bad.loss_reported(255, float(second))
    assert (bad.bitrate_bps, good.bitrate_bps) == (FLOOR_BPS, CEILING_BPS)


def test_once_a_second_the_worst_report_counts() -> None:
    estimate = Estimate()
    estimate.loss_reported(0, 10.0)
    for now_s, fraction_lost in ((10.2, 128), (10.5, 0), (11.0, 0)):
        estimate.loss_reported(fraction_lost, now_s)
    assert estimate.bitrate_bps == 648_000 * 3 // 4


@pytest.mark.parametrize(
    ("receivable_bps", "sent_bps", "bitrate_bps"),
    [
        (300_000, 100_000, START_BPS),
        (300_000, 400_000, 300_000),
        (50_000, 400_000, FLOOR_BPS),
        (2_000_000, 2_400_000, START_BPS),
    ],
    ids=["climbing", "queue-filling", "below-the-floor", "above-ours"],
)
def test_a_receivers_estimate_counts_only_below_what_it_is_sent(
    receivable_bps: int, sent_bps: int, bitrate_bps: int
) -> None:
    estimate = Estimate()
    estimate.receiver_estimated(receivable_bps, sent_bps=sent_bps)
    assert estimate.bitrate_bps == bitrate_bps


def test_an_allowance_is_spent_and_comes_back_with_time() -> None:
    allowance = Allowance(per_s=2, burst=3)
    assert [allowance.take(10.0) for _ in range(4)] == [1, 1, 1, 0]
    assert allowance.take(10.4) == 0
    assert allowance.take(10.5) == 1
    assert allowance.take(100.0, wanted=10) == 3


def test_keyframe_requests_close_together_become_two() -> None:
    throttle = KeyframeThrottle()
    asked = [throttle.ask(10.0 + 0.01 * index) for index in range(20)]
    assert asked == [True] + [False] * 19
    assert not throttle.due(10.0 + KEYFRAME_INTERVAL_S - 0.01)
    assert throttle.due(10.0 + KEYFRAME_INTERVAL_S)
    assert not throttle.due(20.0)


def test_a_packet_is_not_repeated_again_before_its_repeat_could_arrive() -> None:
    limit = RepeatLimit()
    limit.round_trip_s = 0.5
    taken = [limit.take(7, 100, bitrate_bps=10**6, now_s=now_s) for now_s in (10.0, 10.4, 10.5, 10.9)]
    assert taken == [True, False, True, False]
    assert limit.take(8, 100, bitrate_bps=10**6, now_s=10.9)


def test_repeats_take_a_part_of_the_line_only() -> None:
    limit = RepeatLimit()
    sent_bytes = sum(
        1000
        for sequence in range(10_000)
        if limit.take(sequence, 1000, bitrate_bps=400_000, now_s=10 + sequence / 1000)
    )
    assert sent_bytes == pytest.approx(REPEAT_BURST_BYTES + 10 * 0.3 * 50_000, rel=0.02)
