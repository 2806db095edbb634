"""A well-formed request for each route that reads a body or headers: only permission can refuse it."""

from base64 import b64encode
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What goes with a request."""

    form: dict[str, str] | None = None
    json: dict[str, object] | None = None
    body: bytes | None = None
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


_TUS = {"Tus-Resumable": "1.0.0"}
_CHUNK = _TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
_NAMED = f"filename {b64encode('第二册.pdf'.encode()).decode()}"
_ANNOTATION = "/cases/{case_id}/dossiers/{dossier_id}/annotations/{annotation_id}"
_UPLOADS = "/cases/{case_id}/uploads"

_KEPT = "/cases/{case_id}/retention"

WELL_FORMED = {
    ("POST", "/assignments/{assignment_id}/accept"): Asked(form={"version": "1"}),
    ("POST", "/assignments/{assignment_id}/decline"): Asked(form={"version": "1", "reason": "workload"}),
    ("POST", "/assignments/{assignment_id}/end"): Asked(form={"version": "1", "reason": "withdrawn"}),
    ("POST", "/bookings/{booking_id}/cancel"): Asked(form={"reason": "C-01"}),
    ("POST", "/bookings/{booking_id}/confirm"): Asked(form={"version": "1"}),
    ("POST", "/bookings/{booking_id}/return"): Asked(form={"version": "1", "reason": "F-02"}),
    ("POST", "/bookings/{hold_id}/submit"): Asked(form={"purpose": "first_meeting"}),
    ("POST", f"{_KEPT}/end"): Asked(form={"version": "1", "step": "terminate"}),
    ("POST", f"{_KEPT}/holds"): Asked(form={"reason": "petition"}),
    ("POST", f"{_KEPT}/seal"): Asked(form={"ground": "sentence"}),
    ("POST", f"{_KEPT}/seal/open"): Asked(form={"purpose": "judicial", "reference": "1号"}),
    ("POST", "/periods"): Asked(form={"months": "240"}),
    ("POST", "/periods/assessments"): Asked(
        form={"title": "人脸", "concluded_on": "2026-09-01", "conclusion": "未采集"}
    ),
    ("POST", "/cases/{case_id}/steps"): Asked(form={"duty": "sign_agreement", "done_on": "2026-09-28"}),
    ("POST", "/cases/{case_id}/progress"): Asked(
        form={"key": "lawyer_requested_file", "at": "2026-09-20T08:30"}
    ),
    ("POST", "/cases/{case_id}/progress/delay"): Asked(form={"duty": "give_file", "party": "agency"}),
    ("POST", "/cases/{case_id}/progress/extend"): Asked(form={"rule": "C06", "n": "1", "decision": "1号"}),
    ("POST", "/cases/{case_id}/progress/extend/withdraw"): Asked(form={"rule": "C06"}),
    ("POST", "/cases/{case_id}/progress/withdraw"): Asked(form={"key": "lawyer_requested_file"}),
    ("POST", "/cases/{case_id}/book"): Asked(form={"starts_at": "2026-09-29T10:00:00+08:00"}),
    ("POST", "/cases/{case_id}/dossiers/{dossier_id}/annotations"): Asked(
        json={
            "page": 1,
            "region": {"x": 10, "y": 10, "width": 20, "height": 5},
            "meaning": "doubt",
            "comment": "核对",
            "idempotency_key": "matrix-0001",
        }
    ),
    ("PUT", _ANNOTATION): Asked(json={"meaning": "fact", "comment": "核对", "version": 1}),
    ("DELETE", _ANNOTATION): Asked(query={"version": "1"}),
    ("POST", _UPLOADS): Asked(headers=_TUS | {"Upload-Length": "10", "Upload-Metadata": _NAMED}),
    ("HEAD", f"{_UPLOADS}/{{upload_id}}"): Asked(headers=_TUS),
    ("PATCH", f"{_UPLOADS}/{{upload_id}}"): Asked(headers=_CHUNK, body=b"%PDF"),
    ("DELETE", f"{_UPLOADS}/{{upload_id}}"): Asked(headers=_TUS),
    ("POST", "/accounts/{account_id}/recovery"): Asked(form={"reason": "手机遗失，当面核对过身份证"}),
    ("POST", "/webhooks"): Asked(form={"organisation_id": "none", "url": "http://not-https.example/"}),
    ("POST", "/organisations/{organisation_id}/terminals"): Asked(form={"name": "2 号终端"}),
}
