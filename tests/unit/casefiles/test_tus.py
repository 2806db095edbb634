"""tus 1.0 by worked tables: which headers are accepted, which error names what is wrong."""

import base64
import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.casefiles import tus
from server.kernel.errors import DomainError

MB = 1 << 20


def metadata(**values: str) -> str:
    return tus.format_metadata(values)


@pytest.mark.parametrize("version", [None, "", "0.2.2", "1.0", "1.0.0 "])
def test_another_version_is_refused(version: str | None) -> None:
    with pytest.raises(tus.TusVersionUnsupported):
        tus.check_version({} if version is None else {"Tus-Resumable": version})


def test_our_version_passes() -> None:
    tus.check_version({"Tus-Resumable": "1.0.0"})


@pytest.mark.parametrize(
    ("length", "error"),
    [
        (None, tus.UploadHeaderInvalid),
        ("", tus.UploadHeaderInvalid),
        ("-1", tus.UploadHeaderInvalid),
        ("1e3", tus.UploadHeaderInvalid),
        ("٣", tus.UploadHeaderInvalid),
        ("9" * 16, tus.UploadHeaderInvalid),
        (str(10 * MB + 1), tus.UploadTooLarge),
        (str(10 * MB), None),
        ("0", None),
    ],
)
def test_creation_needs_a_length_within_the_limit(
    length: str | None, error: type[DomainError] | None
) -> None:
    headers = {"Upload-Metadata": metadata(filename="a.pdf")}
    if length is not None:
        headers["Upload-Length"] = length
    if error is None:
        assert length is not None
        assert tus.parse_creation(headers, max_bytes=10 * MB).length_bytes == int(length)
    else:
        with pytest.raises(error):
            tus.parse_creation(headers, max_bytes=10 * MB)


@pytest.mark.parametrize(
    ("values", "filename", "title"),
    [
        ({"filename": "证据卷.pdf"}, "证据卷.pdf", "证据卷"),
        ({"filename": "证据卷.pdf", "title": " 第一册 "}, "证据卷.pdf", "第一册"),
        ({"filename": "../../etc/passwd"}, "passwd", "passwd"),
        ({"filename": "C:\\scan\\a.pdf"}, "a.pdf", "a"),
        ({"filename": ".pdf"}, ".pdf", ".pdf"),
    ],
)
def test_the_volume_is_named_by_its_title_or_file(values: dict[str, str], filename: str, title: str) -> None:
    headers = {"Upload-Length": "1", "Upload-Metadata": metadata(**values)}
    creation = tus.parse_creation(headers, max_bytes=MB)
    assert (creation.filename, creation.title) == (filename, title)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "filename",
        "filename !!!",
        "filename YQ==,filename YQ==",
        "file,name YQ==",
        "filename //4=",
        metadata(filename="a.pdf", sha256="12"),
        metadata(filename="a.pdf", sha256="g" * 64),
        metadata(filename="a" * 4096),
    ],
)
def test_metadata_without_a_name_or_malformed_is_refused(header: str) -> None:
    with pytest.raises(tus.UploadHeaderInvalid) as caught:
        tus.parse_creation({"Upload-Length": "1", "Upload-Metadata": header}, max_bytes=MB)
    assert caught.value.values["header"] == "Upload-Metadata"


def test_the_senders_hash_is_read_in_either_case() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    headers = {"Upload-Length": "1", "Upload-Metadata": metadata(filename="a.pdf", sha256=digest.upper())}
    assert tus.parse_creation(headers, max_bytes=MB).sha256 == digest


GOOD_PATCH = {"Content-Type": tus.CONTENT_TYPE, "Upload-Offset": "5", "Content-Length": "3"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"Content-Type": "application/octet-stream"}, tus.UploadTypeUnsupported),
        ({"Upload-Offset": ""}, tus.UploadHeaderInvalid),
        ({"Upload-Offset": "-5"}, tus.UploadHeaderInvalid),
        ({"Content-Length": "x"}, tus.UploadHeaderInvalid),
        ({"Upload-Checksum": "md5 AAAA"}, tus.UploadHeaderInvalid),
        ({"Upload-Checksum": "sha1"}, None),
        ({"Upload-Checksum": "sha1 ***"}, tus.UploadHeaderInvalid),
        ({}, None),
    ],
)
def test_patch_headers(change: dict[str, str], error: type[DomainError] | None) -> None:
    headers = GOOD_PATCH | change
    if error is None:
        assert tus.parse_patch(headers).offset == 5
    else:
        with pytest.raises(error):
            tus.parse_patch(headers)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_is_compared_by_its_algorithm(algorithm: str) -> None:
    expected = hashlib.new(algorithm, b"part").digest()
    header = f"{algorithm} {base64.b64encode(expected).decode()}"
    checksum = tus.parse_patch(GOOD_PATCH | {"Upload-Checksum": header}).checksum
    assert checksum is not None
    digest = checksum.begin()
    digest.update(b"part")
    assert digest.digest() == checksum.expected


@pytest.mark.parametrize(
    ("offset", "length", "declared", "error"),
    [
        (5, 8, 3, None),
        (5, 8, None, None),
        (4, 8, 3, tus.UploadOffsetConflict),
        (6, 8, 2, tus.UploadOffsetConflict),
        (5, 7, 3, tus.UploadTooLarge),
        (5, 5, 0, None),
    ],
)
def test_a_patch_must_continue_where_the_upload_stands(
    offset: int, length: int, declared: int | None, error: type[DomainError] | None
) -> None:
    patch = tus.Patch(offset=5, length_bytes=declared, checksum=None)
    if error is None:
        tus.check_fits(patch, offset=offset, length_bytes=length)
    else:
        with pytest.raises(error):
            tus.check_fits(patch, offset=offset, length_bytes=length)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=30), max_size=5))
def test_metadata_survives_being_written_and_read(values: dict[str, str]) -> None:
    assert tus.parse_metadata(tus.format_metadata(values)) == values


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=20))
def test_any_text_in_the_headers_is_either_understood_or_named(meta: str, checksum: str, number: str) -> None:
    headers = {
        "Upload-Length": number,
        "Upload-Metadata": meta,
        "Upload-Offset": number,
        "Upload-Checksum": checksum,
        "Content-Type": tus.CONTENT_TYPE,
    }
    for parse in (lambda: tus.parse_creation(headers, max_bytes=MB), lambda: tus.parse_patch(headers)):
        with suppress(DomainError):
            parse()
