"""What leaves the platform: texts that tell nothing of any case, and webhooks for the agency that is due.

Whoever reads a person's mail or telephone learns that there is something to look at, and no more.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import Literal

from pydantic import BaseModel

from server.alerts.model import Alert, AlertKind
from server.http.openapi import Webhook
from server.kernel.errors import N_

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret of Standard Webhooks begins with
SUBJECT = "联辩：有一项办案期限需要您处理 · A deadline needs you"
_TEXT = """\
您有一项办案期限需要处理。请登录平台查看：
{address}

A deadline needs you. Please sign in to see it:
{address}

为保护当事人，本邮件不含案件信息。请不要回复。
This message tells nothing of the case, to protect those concerned. Please don't reply.
"""
SMS = "【联辩】您有一项办案期限需要处理，请登录平台查看。"


def mail_text(address: str) -> str:
    """Return the text of an e-mail; `address` is the page of one's alerts."""
    return _TEXT.format(address=address)


class DeadlineData(BaseModel):
    """Which of the agency's duties."""

    agency_number: str
    """The agency's own number of the case."""
    duty: str
    due_at: datetime


class DeadlineMessage(BaseModel):
    """What an agency's system is posted (Standard Webhooks, "Payload structure")."""

    type: Literal["deadline.due_soon", "deadline.overdue"]
    timestamp: datetime
    data: DeadlineData


WEBHOOK = Webhook(name="deadline", words=N_("本机关的期限临近或逾期"), body=DeadlineMessage)


def webhook_body(alert: Alert, *, agency_number: str, raised_at: datetime) -> bytes:
    """Return what an agency's system is told: its own number, its own duty and when that is due."""
    message = DeadlineMessage(
        type="deadline.due_soon" if alert.kind is AlertKind.DUE_SOON else "deadline.overdue",
        timestamp=raised_at,
        data=DeadlineData(agency_number=agency_number, duty=alert.duty, due_at=alert.due_at),
    )
    return message.model_dump_json().encode()


def webhook_headers(message_id: str, body: bytes, secret: bytes, now: datetime) -> Mapping[str, str]:
    """Return the headers that sign a body (Standard Webhooks 1.0, "Signature scheme")."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signature = b64encode(digest(secret, signed, sha256)).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def shown_secret(secret: bytes) -> str:
    """Return the secret as an agency's system is given it."""
    return SECRET_PREFIX + b64encode(secret).decode()
