"""Webhooks as another's verifier sees them (Standard Webhooks): ours pass, ten thousand others don't."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from server.alerts.messages import SMS, mail_text, shown_secret, webhook_body, webhook_headers
from server.alerts.model import Alert, AlertKind
from server.kernel.ids import AlertId, CaseId

SECRET = bytes(range(32))
RAISED_AT = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
ALERT = Alert(
    id=AlertId("a" * 26),
    case_id=CaseId("c" * 26),
    duty="notify_legal_aid",
    kind=AlertKind.OVERDUE,
    rule_id="A04",
    due_at=RAISED_AT,
    raised_at=RAISED_AT,
    level=0,
    escalates_at=None,
)
BODY = webhook_body(ALERT, agency_number="平检刑诉受〔2026〕7号", raised_at=RAISED_AT)
TIMES = 5_000


class Receiver:
    """An agency's system, as our documents ask it to be: verifies, and takes each id once."""

    def __init__(self) -> None:
        self._verifier = Webhook(shown_secret(SECRET))
        self._seen: set[str] = set()

    def accepts(self, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            self._verifier.verify(body, dict(headers))
        except (WebhookVerificationError, ValueError):
            return False
        is_new = headers["webhook-id"] not in self._seen
        self._seen.add(headers["webhook-id"])
        return is_new


def signed(number: int, *, ago: timedelta = timedelta()) -> Mapping[str, str]:
    return webhook_headers(f"msg_{number}", BODY, SECRET, datetime.now(UTC) - ago)


def test_what_we_send_is_accepted() -> None:
    receiver = Receiver()
    assert all(receiver.accepts(signed(number), BODY) for number in range(100))


def test_of_five_thousand_altered_ones_none_is_accepted() -> None:
    rng, receiver = random.Random(7), Receiver()  # noqa: S311 - the same alterations each time
    assert not any(receiver.accepts(*altered(signed(number), rng)) for number in range(TIMES))


def altered(headers: Mapping[str, str], rng: random.Random) -> tuple[Mapping[str, str], bytes]:
    """Changes one thing: a byte of the body, the id, the time, a character of the signature, or the key."""
    match rng.randrange(5):
        case 0:
            at = rng.randrange(len(BODY))
            return headers, BODY[:at] + bytes([BODY[at] ^ rng.randrange(1, 256)]) + BODY[at + 1 :]
        case 1:
            return {**headers, "webhook-id": headers["webhook-id"] + rng.choice("0123456789")}, BODY
        case 2:
            moved = int(headers["webhook-timestamp"]) + rng.choice((-1, 1)) * rng.randrange(1, 250)
            return {**headers, "webhook-timestamp": str(moved)}, BODY
        case 3:
            version, _, signature = headers["webhook-signature"].partition(",")
            at = rng.randrange(len(signature) - 2)
            other = rng.choice([each for each in "ABCDEFGHabcdefgh01234567" if each != signature[at]])
            return {
                **headers,
                "webhook-signature": f"{version},{signature[:at]}{other}{signature[at + 1 :]}",
            }, BODY
        case _:
            return webhook_headers(headers["webhook-id"], BODY, rng.randbytes(32), datetime.now(UTC)), BODY


def test_of_five_thousand_sent_again_none_is_accepted() -> None:
    receiver = Receiver()
    captured = [signed(number) for number in range(TIMES // 2)]
    assert all(receiver.accepts(headers, BODY) for headers in captured)
    assert not any(receiver.accepts(headers, BODY) for headers in captured)
    late = [signed(number, ago=timedelta(minutes=6)) for number in range(TIMES // 2)]
    assert not any(Receiver().accepts(headers, BODY) for headers in late)


def test_messages_to_people_are_the_same_for_every_case() -> None:
    assert "{" not in mail_text("https://lianbian.example/alerts")
    assert "案" not in SMS.replace("办案期限", "")
