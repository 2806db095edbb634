"""The tus 1.0 resumable upload protocol as pure functions: headers in, typed requests or named errors out.

Core, creation, checksum, expiration and termination (https://tus.io/protocols/resumable-upload). It owns
what the headers mean and which request fits the state of an upload; storing bytes and answering HTTP are
left to `uploads` and `upload_handlers`.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol

from server.kernel.errors import N_, DomainError, Kind

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,expiration,termination"
CONTENT_TYPE = "application/offset+octet-stream"
STATUS_CHECKSUM_MISMATCH = 460
METADATA_LENGTH_MAX = 4096

_DIGITS = re.compile(r"[0-9]{1,15}")
_METADATA_KEY = re.compile(r"[!-+\--~]{1,64}")
"""Printable ASCII without space and comma."""
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class TusVersionUnsupported(DomainError):
    """The client speaks another version of tus (answered with 412)."""

    kind: ClassVar[Kind] = Kind.UNSUPPORTED
    code: ClassVar[str] = "tus-version"
    title: ClassVar[str] = N_("上传协议版本不符")
    advice: ClassVar[str] = N_("请刷新页面后重新选择文件，已上传的部分会接着传。")


class UploadHeaderInvalid(DomainError):
    """A tus header is missing or has the wrong form; `values["header"]` names it."""

    code: ClassVar[str] = "upload-header-invalid"
    title: ClassVar[str] = N_("上传请求不完整")
    advice: ClassVar[str] = N_("请求头 {header} 缺失或格式不对。请刷新页面后重试。")


class UploadTypeUnsupported(DomainError):
    """A PATCH whose body is not declared as upload bytes."""

    kind: ClassVar[Kind] = Kind.UNSUPPORTED
    code: ClassVar[str] = "upload-type-unsupported"
    title: ClassVar[str] = N_("上传内容类型不符")
    advice: ClassVar[str] = N_("请刷新页面后重新选择文件，已上传的部分会接着传。")


class UploadTooLarge(DomainError):
    """The file, or what is sent of it, exceeds the declared or the greatest allowed length."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "upload-too-large"
    title: ClassVar[str] = N_("文件太大")
    advice: ClassVar[str] = N_("单个文件最大 {max_mb} MB。请分册扫描后分别上传。")


class UploadOffsetConflict(DomainError):
    """The client continues from another place than the server has reached."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "upload-offset-conflict"
    title: ClassVar[str] = N_("续传位置不一致")
    advice: ClassVar[str] = N_("服务器已收到 {offset} 字节，将从那里接着传，无需重新上传。")


class UploadChecksumMismatch(DomainError):
    """A part arrived damaged and was dropped (answered with 460)."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "upload-checksum-mismatch"
    title: ClassVar[str] = N_("这一段数据在传输中损坏")
    advice: ClassVar[str] = N_("这一段已丢弃，之前的部分仍然保留，请重传这一段。")


class Algorithm(Enum):
    """Checksum algorithms of the checksum extension; sha1 is the one that every server must know."""

    SHA1 = "sha1"
    SHA256 = "sha256"


CHECKSUM_ALGORITHMS = ",".join(algorithm.value for algorithm in Algorithm)


class Digest(Protocol):
    """The part of a hash object that is used here."""

    def update(self, data: bytes, /) -> None:
        """Take in `data`."""
        ...

    def digest(self) -> bytes:
        """Return the hash of all that was taken in."""
        ...


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the client says the hash of one request's body is."""

    algorithm: Algorithm
    expected: bytes

    def begin(self) -> Digest:
        """Return an empty digest of the algorithm."""
        return hashlib.new(self.algorithm.value, usedforsecurity=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A valid creation request."""

    length_bytes: int
    filename: str
    """As the browser names it, without folders; never used as a path."""
    title: str
    """What the reader calls the volume; the file's name without its ending when not given."""
    sha256: str | None
    """Hexadecimal hash that the sender vouches for, when given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A valid request to append bytes."""

    offset: int
    length_bytes: int | None
    """Content-Length; None when the body comes in chunks."""
    checksum: Checksum | None


def check_version(headers: Mapping[str, str]) -> None:
    """Pass requests that speak tus 1.0.0 (core protocol, Tus-Resumable).

    Raises:
        TusVersionUnsupported: the header is missing or names another version.
    """
    if headers.get("Tus-Resumable") != VERSION:
        raise TusVersionUnsupported


def parse_creation(headers: Mapping[str, str], *, max_bytes: int) -> Creation:
    """Read the headers of a POST that creates an upload (extension *creation*).

    Raises:
        UploadHeaderInvalid: length or metadata are missing or malformed; deferred length is not offered.
        UploadTooLarge: more than `max_bytes` are announced.
    """
    length_bytes = _number(headers, "Upload-Length")
    if length_bytes > max_bytes:
        raise UploadTooLarge(max_mb=max_bytes >> 20)
    metadata = parse_metadata(headers.get("Upload-Metadata", ""))
    filename = re.split(r"[/\\]", metadata.get("filename", ""))[-1].strip()[:200]
    title = metadata.get("title", "").strip()[:100] or filename.rpartition(".")[0] or filename
    sha256 = metadata.get("sha256", "").strip().lower()
    if not filename or not title or (sha256 and _SHA256_HEX.fullmatch(sha256) is None):
        raise UploadHeaderInvalid(header="Upload-Metadata")
    return Creation(length_bytes=length_bytes, filename=filename, title=title, sha256=sha256 or None)


def parse_patch(headers: Mapping[str, str]) -> Patch:
    """Read the headers of a PATCH (core protocol) with its checksum, if any (extension *checksum*).

    Raises:
        UploadTypeUnsupported: the body is not `application/offset+octet-stream`.
        UploadHeaderInvalid: the offset, length or checksum is missing or malformed.
    """
    if headers.get("Content-Type") != CONTENT_TYPE:
        raise UploadTypeUnsupported
    return Patch(
        offset=_number(headers, "Upload-Offset"),
        length_bytes=_number(headers, "Content-Length") if "Content-Length" in headers else None,
        checksum=_checksum(headers.get("Upload-Checksum")),
    )


def check_fits(patch: Patch, *, offset: int, length_bytes: int) -> None:
    """Pass a PATCH that continues exactly at `offset` of an upload of `length_bytes`.

    Raises:
        UploadOffsetConflict: it continues elsewhere.
        UploadTooLarge: it declares more than the upload has left.
    """
    if patch.offset != offset:
        raise UploadOffsetConflict(offset=offset)
    if patch.length_bytes is not None and offset + patch.length_bytes > length_bytes:
        raise UploadTooLarge(max_mb=max(1, length_bytes >> 20))


def parse_metadata(header: str) -> dict[str, str]:
    """Read `key base64,key base64,…` (extension *creation*, Upload-Metadata); values are UTF-8.

    Raises:
        UploadHeaderInvalid: the form is wrong or a key comes twice.
    """
    metadata: dict[str, str] = {}
    if len(header) > METADATA_LENGTH_MAX:
        raise UploadHeaderInvalid(header="Upload-Metadata")
    for pair in header.split(",") if header.strip() else ():
        key, _, encoded = pair.strip().partition(" ")
        if _METADATA_KEY.fullmatch(key) is None or key in metadata:
            raise UploadHeaderInvalid(header="Upload-Metadata")
        try:
            metadata[key] = base64.b64decode(encoded, validate=True).decode()
        except ValueError as error:  # bad base64 and bad UTF-8 alike
            raise UploadHeaderInvalid(header="Upload-Metadata") from error
    return metadata


def format_metadata(metadata: Mapping[str, str]) -> str:
    """Write metadata the way `parse_metadata` reads it."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}".rstrip() for key, value in metadata.items()
    )


def _checksum(header: str | None) -> Checksum | None:
    if header is None:
        return None
    name, _, encoded = header.partition(" ")
    try:
        algorithm = Algorithm(name)
        expected = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise UploadHeaderInvalid(header="Upload-Checksum") from error
    return Checksum(algorithm=algorithm, expected=expected)


def _number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "")
    if _DIGITS.fullmatch(text) is None:
        raise UploadHeaderInvalid(header=name)
    return int(text)
