"""Identifiers: opaque, unguessable, equal in length, so that none tells when or how many."""

import secrets
from typing import NewType

AccountId = NewType("AccountId", str)
OrganisationId = NewType("OrganisationId", str)
TerminalId = NewType("TerminalId", str)
SessionId = NewType("SessionId", str)
CaseId = NewType("CaseId", str)
PartyId = NewType("PartyId", str)
NoticeId = NewType("NoticeId", str)
AssignmentId = NewType("AssignmentId", str)
DossierId = NewType("DossierId", str)
UploadId = NewType("UploadId", str)
AnnotationId = NewType("AnnotationId", str)
BookingId = NewType("BookingId", str)
MeetingId = NewType("MeetingId", str)
AlertId = NewType("AlertId", str)
ParticipantId = NewType("ParticipantId", str)
HoldId = NewType("HoldId", str)
AssessmentId = NewType("AssessmentId", str)

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 26
"""Characters of an identifier: 26 of Crockford's base 32 carry 130 random bits."""


def could_name_a_record(text: str) -> bool:
    """Tell whether `text` could be an identifier or a topic: printable ASCII, without a blank.

    What can't be need not reach a database, some of whose texts hold no NUL (PostgreSQL manual, §8.3).
    """
    return text.isascii() and text.isprintable() and " " not in text


def new_id() -> str:
    """Return a fresh identifier of `ID_LENGTH` characters, safe in URLs and file names."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
