"""Rules of case files beyond the table: from which stage on the file may be read at all."""

from typing import ClassVar

from server.cases.model import Case
from server.kernel.errors import N_, DomainError, Kind


class FileClosedDuringInvestigation(DomainError):
    """The defence may not read the file before examination for prosecution (CPL 40, in force 2018-10-26)."""

    kind: ClassVar[Kind] = Kind.FORBIDDEN
    code: ClassVar[str] = "file-closed-during-investigation"
    title: ClassVar[str] = N_("侦查阶段不能查阅案卷")
    advice: ClassVar[str] = N_(
        "《中华人民共和国刑事诉讼法》第四十条：辩护律师自人民检察院对案件审查起诉之日起，"
        "可以查阅、摘抄、复制本案的案卷材料。案件移送审查起诉后，这里会自动开放。"
    )


def check_file_access(case: Case) -> None:
    """Pass cases whose file the defence may read.

    Raises:
        FileClosedDuringInvestigation: the case is still under investigation or arrest review.
    """
    if not case.stage.file_access:
        raise FileClosedDuringInvestigation
