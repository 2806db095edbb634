"""What the server tells of dossiers has the form that the browser's tests read too."""

import json
from datetime import UTC, datetime
from pathlib import Path

from server.casefiles.handlers import annotation_body, manifest_body
from server.casefiles.model import Annotation, Dossier, DossierStatus, Meaning, Page, Percent, Region
from server.kernel.ids import AccountId, AnnotationId, CaseId, DossierId
from server.pdf.manifest import OutlineEntry, PageProblem

CONTRACT = json.loads((Path(__file__).parents[2] / "contract" / "dossier_messages.json").read_text("utf-8"))
AT = datetime(2026, 9, 28, 1, 12, tzinfo=UTC)
DOSSIER_ID = DossierId("d" * 26)


def test_an_annotation_is_told_as_the_contract_shows_it() -> None:
    annotation = Annotation(
        id=AnnotationId("0123456789abcdefghjkmnpqrs"),
        dossier_id=DOSSIER_ID,
        page=37,
        region=Region(x=Percent(12), y=Percent(11.7), width=Percent(62), height=Percent(3.9)),
        meaning=Meaning.DOUBT,
        comment="核对同步录音录像。",
        author_id=AccountId("a123456789abcdefghjkmnpqrs"),
        author_name="周某",
        created_at=AT,
        changed_by_id=AccountId("b123456789abcdefghjkmnpqrs"),
        changed_by_name="林某",
        changed_at=AT,
        idempotency_key="k" * 8,
        version=2,
        revision=5,
    )
    assert annotation_body(annotation) == CONTRACT["annotation"]
    assert CONTRACT["changes"]["annotations"] == [CONTRACT["annotation"]]


def test_a_manifest_is_told_as_the_contract_shows_it() -> None:
    dossier = Dossier(
        id=DOSSIER_ID,
        case_id=CaseId("c" * 26),
        title="第一册",
        filename="a.pdf",
        size_bytes=1,
        sha256="0" * 64,
        status=DossierStatus.READY,
        received_at=AT,
        received_from=AccountId("a" * 26),
        page_count=2,
        outline=(OutlineEntry(level=1, title="讯问笔录", page=1),),
        revision=5,
    )
    pages = (
        Page(dossier_id=DOSSIER_ID, number=1),
        Page(dossier_id=DOSSIER_ID, number=2, problem=PageProblem.DAMAGED),
    )
    assert manifest_body(dossier, pages) == CONTRACT["manifest"]
