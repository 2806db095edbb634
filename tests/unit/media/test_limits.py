import pytest

from server.rooms.media.bandwidth import CEILING_BPS, FLOOR_BPS, START_BPS, LossBasedEstimate
from server.rooms.media.throttle import KEYFRAME_INTERVAL_S, Allowance, KeyframeThrottle


@pytest.mark.parametrize(
    ("fraction_lost", "bitrate_bps"),
    [(0, 1_260_000), (5, 1_260_000), (6, 1_200_000), (25, 1_200_000), (51, 1_080_468), (255, 602_343)],
)
def test_a_report_of_loss_corrects_the_estimate(fraction_lost: int, bitrate_bps: int) -> None:
    estimate = LossBasedEstimate()
    assert estimate.bitrate_bps == START_BPS
    estimate.reported(fraction_lost)
    assert estimate.bitrate_bps == bitrate_bps


def test_the_estimate_stays_between_floor_and_ceiling() -> None:
    good, bad = LossBasedEstimate(), LossBasedEstimate()
    for _ in range(100):
        good.reported(0)
        bad.reported(255)
    assert (bad.bitrate_bps, good.bitrate_bps) == (FLOOR_BPS, CEILING_BPS)


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
