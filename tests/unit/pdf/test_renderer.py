"""The real render process on real documents, sound and hostile."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from server.pdf.manifest import (
    DocumentProblem,
    DocumentRefused,
    ImageType,
    PageKind,
    PageProblem,
    PageRefused,
)
from server.pdf.renderer import Renderer, RenderProcess
from tests import documents


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    renderer = Renderer(page_s=5)
    yield renderer
    await renderer.close()


def saved(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "original"
    path.write_bytes(content)
    return path


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def block_top(image: bytes) -> float:
    """Where the black block begins, as a fraction of the height: which page is it?"""
    gray = Image.open(io.BytesIO(image)).convert("L")
    column = gray.resize((8, 100)).crop((2, 0, 3, 100)).tobytes()
    return next(row for row, value in enumerate(column) if value < 128) / 100


async def test_a_jpeg_scan_is_split_into_its_raw_streams_in_order(renderer: Renderer, tmp_path: Path) -> None:
    async with renderer.document(saved(tmp_path, documents.scan(3))) as document:
        info = await document.open()
        pages = [await document.page(number) for number in range(1, info.page_count + 1)]
    assert [page.kind for page in pages] == [PageKind.JPEG1] * 3
    for index, page in enumerate(pages):
        assert page.image == documents.encoded(documents.picture(mark=index), "JPEG")
        assert (page.width_px, page.height_px) == (620, 877)
        assert (round(page.width_pt), round(page.height_pt)) == (595, 842)
        assert abs(block_top(page.image) - index / 10) < 0.05


@pytest.mark.parametrize(
    ("make", "kind", "image_type"),
    [
        (documents.g4_scan, PageKind.G4, ImageType.PNG),
        (lambda: documents.scan(1, form="JPEG2000"), PageKind.JPX, ImageType.JPEG),
        (documents.born_digital, PageKind.VECTOR, ImageType.JPEG),
        (documents.with_a_note, PageKind.MIXED, ImageType.JPEG),
        (documents.rotated, PageKind.MIXED, ImageType.JPEG),
        (lambda: documents.scan(1, progressive=True), PageKind.MIXED, ImageType.JPEG),
    ],
    ids=["g4", "jpx", "vector", "annotated", "rotated", "progressive"],
)
async def test_every_other_kind_of_page_is_rendered(
    renderer: Renderer, tmp_path: Path, make: object, kind: PageKind, image_type: ImageType
) -> None:
    assert callable(make)
    async with renderer.document(saved(tmp_path, make())) as document:
        await document.open()
        page = await document.page(1)
    assert (page.kind, page.image_type) == (kind, image_type)
    image = Image.open(io.BytesIO(page.image))
    assert image.size == (page.width_px, page.height_px)
    assert max(image.size) == pytest.approx(842 * 150 / 72, abs=2)
    gray = image.convert("L").tobytes()
    assert min(gray) < 60
    assert max(gray) > 250


async def test_a_bitonal_page_is_kept_in_four_grays(renderer: Renderer, tmp_path: Path) -> None:
    async with renderer.document(saved(tmp_path, documents.g4_scan())) as document:
        await document.open()
        page = await document.page(1)
    image = Image.open(io.BytesIO(page.image))
    assert image.mode == "P"
    assert {gray for _count, gray in image.convert("L").getcolors() or []} <= {0, 85, 170, 255}
    assert abs(block_top(page.image) - 0.2) < 0.05


async def test_the_documents_own_outline_is_read_and_cleaned(renderer: Renderer, tmp_path: Path) -> None:
    async with renderer.document(saved(tmp_path, documents.born_digital())) as document:
        info = await document.open()
    assert [(entry.level, entry.page) for entry in info.outline] == [(1, 1), (2, 2)]
    assert info.outline[0].title == "起诉意见书"
    assert info.outline[1].title.isprintable()


@pytest.mark.parametrize(
    ("content", "problem"),
    documents.MALFORMED.values(),
    ids=[name.replace(" ", "-") for name in documents.MALFORMED],
)
async def test_a_useless_file_is_refused_by_name(
    renderer: Renderer, tmp_path: Path, content: bytes, problem: str
) -> None:
    async with renderer.document(saved(tmp_path, content)) as document:
        with pytest.raises(DocumentRefused) as refused:
            await document.open()
    assert refused.value.problem is DocumentProblem(problem)


async def test_a_bad_page_costs_only_itself(tmp_path: Path) -> None:
    renderer = Renderer(page_s=1)
    async with renderer.document(saved(tmp_path, documents.with_a_bomb_between())) as document:
        info = await document.open()
        assert info.page_count == 3
        first = await document.page(1)
        with pytest.raises(PageRefused) as refused:
            await document.page(2)
        third = await document.page(3)
    assert refused.value.problem is PageProblem.TOO_COMPLEX
    assert first.kind is third.kind is PageKind.JPEG1
    assert third.image == documents.encoded(documents.picture(mark=1), "JPEG")
    await renderer.close()


async def test_a_page_that_draws_for_ever_is_stopped(tmp_path: Path) -> None:
    renderer = Renderer(page_s=0.5)
    async with renderer.document(saved(tmp_path, documents.operator_bomb())) as document:
        await document.open()
        with pytest.raises(PageRefused) as refused:
            await document.page(1)
    assert refused.value.problem is PageProblem.TOO_COMPLEX
    await renderer.close()


async def test_an_image_that_claims_gigabytes_is_not_passed_on(renderer: Renderer, tmp_path: Path) -> None:
    async with renderer.document(saved(tmp_path, documents.huge_claim())) as document:
        await document.open()
        try:
            page = await document.page(1)
        except PageRefused:
            return
    assert page.kind is not PageKind.JPEG1
    assert page.width_px * page.height_px < 10_000_000


async def test_a_killed_process_is_replaced_at_the_next_page(renderer: Renderer, tmp_path: Path) -> None:
    async with renderer.document(saved(tmp_path, documents.scan(3))) as document:
        await document.open()
        assert document.process is not None
        os.kill(document.process.pid, 9)
        with pytest.raises(PageRefused):
            await document.page(1)
        assert (await document.page(2)).kind is PageKind.JPEG1


async def test_the_process_gives_up_what_it_does_not_need(renderer: Renderer, tmp_path: Path) -> None:
    async with renderer.document(saved(tmp_path, documents.scan(1))) as document:
        await document.open()
        process = document.process
        assert process is not None
        limits = await asyncio.to_thread(Path(f"/proc/{process.pid}/limits").read_text)
    rows = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
    assert rows["Max file size"] == rows["Max processes"] == rows["Max core file size"] == "0"
    assert int(rows["Max address space"]) == 1 << 30
    assert int(rows["Max cpu time"]) == 240


async def test_one_process_never_sees_two_documents(renderer: Renderer, tmp_path: Path) -> None:
    path = saved(tmp_path, documents.scan(1))
    pids = set()
    for _ in range(2):
        async with renderer.document(path) as document:
            await document.open()
            assert document.process is not None
            pids.add(document.process.pid)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


async def test_closing_leaves_no_process(tmp_path: Path) -> None:
    renderer = Renderer()
    async with renderer.document(saved(tmp_path, documents.scan(1))) as document:
        await document.open()
    process: RenderProcess = await renderer.take()
    await process.kill()
    await renderer.close()
    assert not alive(process.pid)


async def test_muPDFs_chinese_font_comes_out_of_the_child(renderer: Renderer) -> None:  # noqa: N802
    font = await renderer.chinese_font()
    assert font[:4] in {b"\x00\x01\x00\x00", b"OTTO", b"true"}
    assert len(font) > 1_000_000
