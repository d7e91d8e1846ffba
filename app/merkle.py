"""Is this entry in that log, and did the log only ever grow? RFC 6962/9162 trees and proofs over SHA-256.

A hash stands for a subtree: the hash of one leaf, or the root of a whole tile of leaves. `root` takes either,
so a log that stores one root per 256 leaves gets the same answer from the tiles' roots.

Size 0: the empty tree has the root SHA-256(""), and it is consistent with every tree by the empty proof alone
(C2SP tlog-witness: "old size 0: the proof MUST be empty"). Some libraries refuse size 0 instead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """32 bytes: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """32 bytes: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that a log must keep to append: its size and the roots of its perfect subtrees, largest first."""

    size: int = 0
    peaks: bytes = b""
    """32 bytes for each one-bit of `size`, as the log's head stores them."""

    def append(self, leaf: bytes) -> "Frontier":
        """The frontier after one more leaf hash."""
        peaks, node, rest = self.peaks, leaf, self.size
        while rest & 1:
            node, peaks, rest = node_hash(peaks[-HASH_BYTES:], node), peaks[:-HASH_BYTES], rest >> 1
        return Frontier(self.size + 1, peaks + node)

    @property
    def root(self) -> bytes:
        """32 bytes: the root of the tree of `size` leaves."""
        peaks = [self.peaks[i : i + HASH_BYTES] for i in range(0, len(self.peaks), HASH_BYTES)]
        if not peaks:
            return EMPTY_ROOT
        node = peaks.pop()
        while peaks:
            node = node_hash(peaks.pop(), node)
        return node


def root(hashes: Iterable[bytes]) -> bytes:
    """32 bytes: the root over leaf hashes, or over the roots of equal tiles (the last may be partial)."""
    nodes = list(hashes)
    while len(nodes) > 1:
        odd = nodes[len(nodes) & ~1 :]
        nodes = [sha256(b"\x01" + a + b).digest() for a, b in zip(nodes[::2], nodes[1::2], strict=False)] + odd
    return nodes[0] if nodes else EMPTY_ROOT


Range = tuple[int, int]
"""Leaves `[first, end)` whose root is one hash of a proof."""


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Which subtrees make the proof that leaf `index` is in the tree of `size` leaves; leaf side first."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    ranges: list[Range] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ranges[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """Which subtrees make the proof that the tree of `size` leaves extends its first `old`; deepest first."""
    if not 0 <= old <= size:
        raise ValueError(f"no tree of {old} inside a tree of {size}")
    if old in (0, size):
        return []
    ranges: list[Range] = []
    first, end = 0, size
    while end != old:
        middle = first + _split(end - first)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ([] if first == 0 else [(first, end)]) + ranges[::-1]


TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes in a full tile. The hash `n` of level L is the root of the leaves `[n * 256**L, (n + 1) * 256**L)`."""

Run = tuple[int, int, int]
"""Stored hashes `[first, end)` of one level."""


def runs(subtree: Range) -> list[Run]:
    """Which stored hashes give the root of a subtree of a proof, or of a whole tree: lowest level first.

    Of each level at most 255, so that a root over a hundred thousand leaves takes a few hundred hashes.
    """
    (first, end), level, found = subtree, 0, []
    while end - first >= TILE_WIDTH and first % TILE_WIDTH == 0:
        full = end >> TILE_HEIGHT << TILE_HEIGHT
        if full < end:
            found.append((level, full, end))
        first, end, level = first >> TILE_HEIGHT, end >> TILE_HEIGHT, level + 1
    return [*found, (level, first, end)] if first < end else found


def join(levels: Iterable[Sequence[bytes]]) -> bytes:
    """32 bytes: the root over the hashes of `runs`, in their order."""
    below: list[bytes] = []
    for hashes in levels:
        below = [root([*hashes, *below])]
    return root(below)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that prove leaf `index` of these leaf hashes (RFC 9162, 2.1.3.1)."""
    return [root(leaves[a:b]) for a, b in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The hashes that prove that these leaf hashes extend their first `old` (RFC 9162, 2.1.4.1)."""
    return [root(leaves[a:b]) for a, b in consistency_ranges(old, len(leaves))]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Does the proof lead from the leaf hash at `index` to the root of the tree of `size`? (RFC 9162, 2.1.3.2)"""
    if not 0 <= index < size or not _are_hashes(leaf, expected, *proof):
        return False
    node, at, last = leaf, index, size - 1
    for item in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(item, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, item)
        at, last = at >> 1, last >> 1
    return last == 0 and node == expected


def verify_consistency(old: int, size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Does the proof show that the tree of `size` extends the tree of `old`? (RFC 9162, 2.1.4.2)"""
    if not 0 <= old <= size or not _are_hashes(old_root, new_root, *proof):
        return False
    if old == size:
        return not proof and old_root == new_root and (size > 0 or new_root == EMPTY_ROOT)
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for item in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(item, before), node_hash(item, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, item)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(size: int) -> int:
    """The largest power of two below `size` (at least 2): the leaves of the left subtree."""
    return 1 << (size - 1).bit_length() - 1


def _are_hashes(*items: bytes) -> bool:
    return all(len(item) == HASH_BYTES for item in items)
