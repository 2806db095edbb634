import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofRefused,
    Span,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
    verify_subtree,
)

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "merkle.json").read_text()
)
LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]


SUBTREES: list[bytes] = []
_growing = Frontier()
for _leaf in LEAVES:
    _growing.append(_leaf)
    SUBTREES.append(_growing.peaks[-1])


def tree_of(leaves: Sequence[bytes]) -> bytes:
    """Returns the root by the definition (§2.1.1)."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_of(leaves[:split]), tree_of(leaves[split:]))


def roots_of(path: Iterable[Span]) -> list[bytes]:
    """Returns the roots that a proof over `LEAVES` needs."""
    return [root_of(span, lambda end: SUBTREES[end - 1], lambda end: LEAVES[end - 1]) for span in path]


def of(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[kind], ids=[each["file"] for each in VECTORS[kind]])


def proof_of(vector: dict[str, Any]) -> list[bytes]:
    return [b64decode(step) for step in vector["proof"] or ()]


def check_inclusion(vector: dict[str, Any], start: int, end: int) -> None:
    if start % (1 << max(end - start - 1, 0).bit_length()):
        raise ProofRefused
    verify_inclusion(
        b64decode(vector["leafHash"] or ""),
        vector["leafIdx"] - start,
        end - start,
        proof_of(vector),
        b64decode(vector["root"] or ""),
    )


def passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except ProofRefused:
        return False
    return True


@of("inclusion")
def test_inclusion_proofs_of_the_reference(vector: dict[str, Any]) -> None:
    assert passes(lambda: check_inclusion(vector, 0, vector["treeSize"])) is not vector["wantErr"]


@of("subtreeinclusion")
def test_inclusion_proofs_within_subtrees_of_the_reference(vector: dict[str, Any]) -> None:
    start, end = vector["start"], vector["end"]
    assert passes(lambda: check_inclusion(vector, start, end)) is not vector["wantErr"]


@of("consistency")
def test_consistency_proofs_of_the_reference(vector: dict[str, Any]) -> None:
    def check() -> None:
        verify_consistency(
            vector["size1"],
            b64decode(vector["root1"] or ""),
            vector["size2"],
            b64decode(vector["root2"] or ""),
            proof_of(vector),
        )

    assert passes(check) is not vector["wantErr"]


@of("subtreeconsistency")
def test_consistency_proofs_of_subtrees_of_the_reference(vector: dict[str, Any]) -> None:
    def check() -> None:
        verify_subtree(
            vector["start"],
            vector["end"],
            b64decode(vector["root1"] or ""),
            vector["size"],
            b64decode(vector["root2"] or ""),
            proof_of(vector),
        )

    assert passes(check) is not vector["wantErr"]


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    assert Frontier().root == tree_of([]) == EMPTY_ROOT


@given(size=st.integers(1, 70), data=st.data())
def test_each_leaf_is_shown_in_its_tree_and_in_no_other_place(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    proof = roots_of(inclusion_path(index, size))
    verify_inclusion(leaves[index], index, size, proof, tree_of(leaves))
    if other != index:
        with pytest.raises(ProofRefused):
            verify_inclusion(leaves[other], index, size, proof, tree_of(leaves))


@given(size=st.integers(1, 70), data=st.data())
def test_each_earlier_tree_is_shown_within_the_later_and_an_altered_one_is_not(
    size: int, data: st.DataObject
) -> None:
    whole = data.draw(st.integers(size, 70))
    proof = roots_of(consistency_path(size, whole))
    verify_consistency(size, tree_of(LEAVES[:size]), whole, tree_of(LEAVES[:whole]), proof)
    altered = [leaf_hash(b"altered"), *LEAVES[1:size]]
    with pytest.raises(ProofRefused):
        verify_consistency(size, tree_of(altered), whole, tree_of(LEAVES[:whole]), proof)
