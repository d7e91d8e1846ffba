"""Are the trees and proofs those of RFC 6962/9162, for every small tree and against every small forgery?"""

import random
from functools import cache

import pytest

from app.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    consistency_ranges,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 129
LEAVES = [leaf_hash(b"entry %d" % n) for n in range(LARGEST)]

CT_ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The eight entries and nine roots that the Certificate Transparency log server is tested with."""


@cache
def subtree(first: int, end: int) -> bytes:
    """The root by the recursive definition of RFC 6962, 2.1: written apart from the code under test."""
    if end - first == 1:
        return LEAVES[first]
    half = 1
    while half * 2 < end - first:
        half *= 2
    return node_hash(subtree(first, first + half), subtree(first + half, end))


def tree(size: int) -> bytes:
    return subtree(0, size) if size else EMPTY_ROOT


def included(index: int, size: int) -> list[bytes]:
    return [subtree(a, b) for a, b in inclusion_ranges(index, size)]


def consistent(old: int, size: int) -> list[bytes]:
    return [subtree(a, b) for a, b in consistency_ranges(old, size)]


def flip(data: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(data))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root(leaf_hash(entry) for entry in CT_ENTRIES[:size]).hex() == CT_ROOTS[size]


def test_appending_gives_the_recursive_root_at_every_size() -> None:
    frontier = Frontier()
    assert frontier.root == EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, 1):
        frontier = frontier.append(leaf)
        assert (frontier.size, frontier.root) == (size, tree(size))
        assert len(frontier.peaks) == 32 * size.bit_count()


def test_every_inclusion_proof_of_every_tree_verifies() -> None:
    proofs = 0
    for size in range(1, LARGEST + 1):
        for index in range(size):
            assert verify_inclusion(LEAVES[index], index, size, included(index, size), tree(size))
            proofs += 1
    assert proofs == 8_385


def test_every_consistency_proof_of_every_tree_verifies() -> None:
    proofs = 0
    for size in range(LARGEST + 1):
        for old in range(size + 1):
            assert verify_consistency(old, size, tree(old), tree(size), consistent(old, size))
            proofs += old > 0 or size > 0
    assert proofs == 8_514


def test_proofs_from_leaves_are_the_proofs_from_subtrees() -> None:
    for size in (1, 2, 3, 7, 8, 100):
        for index in range(size):
            assert inclusion_proof(LEAVES[:size], index) == included(index, size)
            assert consistency_proof(LEAVES[:size], index) == consistent(index, size)


def test_the_roots_of_tiles_give_the_same_root() -> None:
    for size in range(1, LARGEST + 1):
        tiles = [root(LEAVES[at : min(at + 16, size)]) for at in range(0, size, 16)]
        assert root(tiles) == tree(size)


def test_size_0_is_consistent_by_the_empty_proof_alone() -> None:
    assert verify_consistency(0, 5, EMPTY_ROOT, tree(5), [])
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 5, EMPTY_ROOT, tree(5), [tree(5)])
    assert not verify_consistency(0, 5, tree(1), tree(5), [])
    assert not verify_consistency(0, 0, tree(1), tree(1), [])
    assert not verify_inclusion(LEAVES[0], 0, 0, [], EMPTY_ROOT)


def test_one_bit_tampers_of_inclusion_are_rejected() -> None:
    """The size is not tampered with: a path alone does not bind it, the signed checkpoint does."""
    chance, rejected = random.Random(6962), 0
    for _ in range(1_500):
        size = chance.randint(2, LARGEST)
        index = chance.randrange(size)
        parts = [LEAVES[index], tree(size), *included(index, size)]
        assert verify_inclusion(parts[0], index, size, parts[2:], parts[1])
        victim = chance.randrange(len(parts) + 1)
        if victim == len(parts):
            index ^= 1 << chance.randrange(8)
        else:
            parts[victim] = flip(parts[victim], chance.randrange(256))
        rejected += not verify_inclusion(parts[0], index, size, parts[2:], parts[1])
    assert rejected == 1_500


def test_one_bit_tampers_of_consistency_are_rejected() -> None:
    chance, rejected = random.Random(9162), 0
    for _ in range(1_500):
        size = chance.randint(2, LARGEST)
        old = chance.randint(1, size - 1)
        parts = [tree(old), tree(size), *consistent(old, size)]
        assert verify_consistency(old, size, parts[0], parts[1], parts[2:])
        victim = chance.randrange(len(parts))
        parts[victim] = flip(parts[victim], chance.randrange(256))
        rejected += not verify_consistency(old, size, parts[0], parts[1], parts[2:])
    assert rejected == 1_500


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (5, 7), (6, 7), (128, 129)])
def test_a_proof_too_long_or_too_short_is_rejected(index: int, size: int) -> None:
    proof = included(index, size)
    assert not verify_inclusion(LEAVES[index], index, size, [*proof, LEAVES[0]], tree(size))
    assert not proof or not verify_inclusion(LEAVES[index], index, size, proof[:-1], tree(size))
    proof = consistent(index + 1, LARGEST)
    assert not verify_consistency(index + 1, LARGEST, tree(index + 1), tree(LARGEST), [*proof, LEAVES[0]])
    assert not proof or not verify_consistency(index + 1, LARGEST, tree(index + 1), tree(LARGEST), proof[:-1])


def test_a_rewritten_history_is_rejected() -> None:
    forged = [leaf_hash(b"forged"), *LEAVES[1:]]
    proof = consistency_proof(forged[:100], 60)
    assert verify_consistency(60, 100, root(forged[:60]), root(forged[:100]), proof)
    assert not verify_consistency(60, 100, tree(60), root(forged[:100]), proof)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_what_is_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_ranges(index, size)
    assert not verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])
    with pytest.raises(ValueError, match="no tree"):
        consistency_ranges(size + 1, size)
    assert not verify_consistency(size + 1, size, LEAVES[0], LEAVES[0], [])
