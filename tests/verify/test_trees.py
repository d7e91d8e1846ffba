"""Does the verifier accept every true proof of every small tree, and no other? By the recursive definition alone."""

import random
from collections.abc import Iterator
from functools import cache
from hashlib import sha256

import pytest

from verify.huayuan_verify import consistent, included, leaf_hash, root

LARGEST = 129
LEAVES = [leaf_hash(b"entry %d" % n) for n in range(LARGEST)]
Proof = tuple[int, int, list[bytes]]


@cache
def subtree(first: int, end: int) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if end - first == 1:
        return LEAVES[first]
    half = split(end - first)
    return sha256(b"\1" + subtree(first, first + half) + subtree(first + half, end)).digest()


def split(size: int) -> int:
    """The largest power of two below `size`."""
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def tree(size: int) -> bytes:
    return subtree(0, size) if size else sha256().digest()


def path(index: int, first: int, end: int) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if end - first == 1:
        return []
    middle = first + split(end - first)
    if index < middle:
        return [*path(index, first, middle), subtree(middle, end)]
    return [*path(index, middle, end), subtree(first, middle)]


def subproof(old: int, first: int, end: int, *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1; `old` counts from `first`."""
    if old == end - first:
        return [] if whole else [subtree(first, end)]
    half = split(end - first)
    if old <= half:
        return [*subproof(old, first, first + half, whole=whole), subtree(first + half, end)]
    return [*subproof(old - half, first + half, end, whole=False), subtree(first, first + half)]


def inclusions() -> Iterator[Proof]:
    return ((i, n, path(i, 0, n)) for n in range(1, LARGEST + 1) for i in range(n))


def consistencies() -> Iterator[Proof]:
    return ((o, n, subproof(o, 0, n) if o else []) for n in range(1, LARGEST + 1) for o in range(n + 1))


def test_every_root() -> None:
    assert all(root(LEAVES[:size]) == tree(size) for size in range(LARGEST + 1))


def test_every_inclusion_proof_up_to_129_leaves() -> None:
    proofs = list(inclusions())
    assert len(proofs) == 8_385
    assert all(included(LEAVES[i], i, n, proof, tree(n)) for i, n, proof in proofs)


def test_every_consistency_proof_up_to_129_leaves() -> None:
    """Those from size 0 among them, each by the empty proof."""
    proofs = list(consistencies())
    assert len(proofs) == 8_514
    assert all(consistent(o, n, tree(o), tree(n), proof) for o, n, proof in proofs)


def test_size_0() -> None:
    assert consistent(0, 0, tree(0), tree(0), [])
    assert not consistent(0, 5, tree(1), tree(5), [])
    assert not consistent(0, 5, tree(0), tree(5), [tree(5)])
    assert not consistent(0, 0, tree(1), tree(1), [])
    assert not included(LEAVES[0], 0, 0, [], tree(0))


def flipped(data: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(data))


def holds(kind: str, numbers: list[int], hashes: list[bytes]) -> bool:
    if kind == "inclusion":
        return included(hashes[0], *numbers, hashes[2:], hashes[1])
    return consistent(*numbers, *hashes[:2], hashes[2:])


def accepted(kind: str, tampers: int) -> int:
    """How many proofs were accepted with one bit changed: of a hash, of a root, of an index or an older size.

    Each is accepted before. An inclusion proof does not bind the size, the signed checkpoint does; so that stays.
    """
    chance, count = random.Random(129), 0
    proofs = [p for p in (inclusions() if kind == "inclusion" else consistencies()) if 0 < p[0] < p[1]]
    for _ in range(tampers):
        at, size, proof = chance.choice(proofs)
        numbers, hashes = [at, size], [LEAVES[at] if kind == "inclusion" else tree(at), tree(size), *proof]
        assert holds(kind, numbers, hashes)
        victim = chance.randrange(len(hashes) + 1)
        if victim == len(hashes):
            numbers[0] ^= 1 << chance.randrange(8)
        else:
            hashes[victim] = flipped(hashes[victim], chance.randrange(256))
        count += holds(kind, numbers, hashes)
    return count


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_no_tampered_proof_is_accepted(kind: str) -> None:
    assert accepted(kind, 1_000) == 0


def test_a_proof_longer_or_shorter_is_refused() -> None:
    for at, size, proof in random.Random(7).sample([p for p in inclusions() if p[2]], 300):
        assert not included(LEAVES[at], at, size, proof[:-1], tree(size))
        assert not included(LEAVES[at], at, size, [*proof, LEAVES[0]], tree(size))
        assert not included(LEAVES[at], at, size, [proof[0][:31], *proof[1:]], tree(size))
    for old, size, proof in random.Random(7).sample([p for p in consistencies() if p[2]], 300):
        assert not consistent(old, size, tree(old), tree(size), proof[:-1])
        assert not consistent(old, size, tree(old), tree(size), [*proof, LEAVES[0]])
        assert not consistent(old, size, tree(old), tree(size), [])


def test_another_history_is_refused() -> None:
    """The control: a proof that is right for the forged tree does not connect it with the true one."""
    forged = [leaf_hash(b"forged"), *LEAVES[1:]]
    whole, begun = root(forged[:100]), root(forged[:64])

    proof = [root(forged[64:100])]
    assert consistent(64, 100, begun, whole, proof)
    assert not consistent(64, 100, tree(64), whole, proof)
