"""The demo's dossier is a scan like any other."""

from pathlib import Path

import pymupdf
import pytest

from server.demo.dossier import A4_PT, dossier_pdf
from server.demo.dossier_text import CHARACTERS_A_LINE, LINES_A_PAGE, papers
from server.pdf.document import Document
from server.pdf.manifest import PageKind
from tests.unit.casefiles.test_watermark import chinese_font


def test_the_file_has_at_least_sixty_pages_that_fit_the_paper() -> None:
    pages = [page for paper in papers() for page in paper.pages]
    assert len(pages) >= 60
    assert all(len(page) <= LINES_A_PAGE + 1 for page in pages)
    assert all(len(line) <= CHARACTERS_A_LINE for page in pages for line in page)
    assert papers() == papers(), "the same each time"


@pytest.mark.timeout(60)
def test_scanned_papers_are_pages_of_the_kinds_that_the_reader_serves_fast(tmp_path: Path) -> None:
    made = papers()
    colour = next(paper for paper in made if paper.in_colour)
    plain = next(paper for paper in made if not paper.in_colour and len(paper.pages) > 1)
    content = dossier_pdf(chinese_font(), (colour, plain))
    path = tmp_path / "dossier.pdf"
    path.write_bytes(content)
    document = Document(path)
    kinds = [document.prepare(number).kind for number in range(1, document.info.page_count + 1)]
    assert kinds == [PageKind.JPEG1] * len(colour.pages) + [PageKind.G4] * len(plain.pages)
    assert [entry.title for entry in document.info.outline if entry.level == 2] == [colour.title, plain.title]
    with pymupdf.open(stream=content, filetype="pdf") as pdf:
        assert (pdf[0].rect.width, pdf[0].rect.height) == A4_PT
    assert dossier_pdf(chinese_font(), (colour,)) == dossier_pdf(chinese_font(), (colour,))
