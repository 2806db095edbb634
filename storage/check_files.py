"""Looks every stored file over: each byte is decrypted, and each original held against its hash."""

import hashlib

from server.casefiles.model import Dossier
from server.kernel.objects import ObjectDamaged, ObjectMissing, Objects, ObjectStore
from storage.check import Progress
from storage.database import Database


async def check_files(
    database: Database, store: ObjectStore, progress: Progress
) -> tuple[tuple[str, ...], int]:
    """Return a sentence for each file that is not as it was stored, in both languages, and how many are.

    Raises:
        StorageUnavailable: the store does not answer.
    """
    async with database.reading() as tx:
        dossiers = await tx.casefiles.all_dossiers()
    findings: list[str] = []
    sound = 0
    for number, dossier in enumerate(dossiers, 1):
        async with database.reading() as tx:
            pages = await tx.casefiles.pages(dossier.id)
        objects = store.of(dossier.case_id)
        keys = (dossier.original_key, *(page.image_key for page in pages if page.problem is None))
        for key in keys:
            finding = await _wrong_with(objects, key, dossier)
            sound += finding is None
            findings += [finding] if finding is not None else []
        progress(number, len(dossiers))
    return tuple(findings), sound


async def _wrong_with(objects: Objects, key: str, dossier: Dossier) -> str | None:
    digest = hashlib.sha256()
    try:
        async for block in objects.read(key):
            digest.update(block)
    except ObjectMissing:
        return f"文件缺失 · file is missing: {key}"
    except ObjectDamaged:
        return f"文件损坏或没有密钥 · file is damaged or its key is gone: {key}"
    if key == dossier.original_key and digest.hexdigest() != dossier.sha256:
        return f"文件与收到时不同 · file is not the one that was received: {key}"
    return None
