"""Are kinds told by their first bytes, and is what is missing of an upload always what did not come?"""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actor import Actor, Appointment, Office
from app.attachments import rules
from app.attachments.rules import MediaType, Part, Standing

ME, OTHER = UUID(int=1), UUID(int=2)
HEADS = {
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01": MediaType.JPEG,
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\r": MediaType.PNG,
    b"RIFF\x10\x00\x00\x00WEBPVP8 ": MediaType.WEBP,
    b"\x00\x00\x00\x18ftypheic\x00\x00": MediaType.HEIC,
    b"%PDF-1.7\n%\xe2\xe3": MediaType.PDF,
}
STRANGE = [
    b"", b"\xff\xd8", b"GIF89a", b"MZ\x90\x00", b"PK\x03\x04", b"<html><script>", b"<svg xmlns=", b"RIFF1234WAVE",
    b"\x00\x00\x00\x18ftypisom", b" %PDF-1.7", b"<!--%PDF-1.7", b"\n\x89PNG\r\n\x1a\n", b"\x89PNG\n\x1a\n",
]  # fmt: skip


@pytest.mark.parametrize(("head", "kind"), HEADS.items())
def test_a_kind_is_told_by_the_first_bytes(head: bytes, kind: MediaType) -> None:
    assert rules.kind_of(head) is kind
    assert rules.kind_of(head[: rules.HEAD]) is kind, "and by no more than HEAD of them"


@pytest.mark.parametrize("head", STRANGE)
def test_what_only_looks_like_one_further_on_is_none(head: bytes) -> None:
    assert rules.kind_of(head) is None


def standing(size: int, *parts: tuple[int, int], state: str = "open") -> Standing:
    return Standing(state, ME, size, tuple(Part(offset, n, "x", "o") for offset, n in parts))


@given(st.integers(1, 40), st.sets(st.integers(0, 39)))
def test_what_is_missing_is_what_did_not_come(size: int, came: set[int]) -> None:
    there = sorted(n for n in came if n < size)
    parts = standing(size, *[(n, 1) for n in there])
    missing = {n for offset, many in parts.missing() for n in range(offset, offset + many)}
    assert missing == set(range(size)) - set(there)
    assert parts.arrived() == min(missing, default=size)


def test_what_is_stored_misses_nothing() -> None:
    assert (standing(9, state="stored").arrived(), [*standing(9, state="stored").missing()]) == (9, [])


def test_a_part_is_new_or_the_very_same_or_refused() -> None:
    there = standing(10, (2, 3))
    assert rules.has(there, Part(2, 3, "x", "another object")), "where it lies is no matter"
    assert not rules.has(there, Part(5, 5, "y", ""))
    assert not rules.has(there, Part(0, 2, "y", ""))
    for part in (
        Part(2, 3, "y", ""),
        Part(2, 2, "x", ""),
        Part(0, 3, "x", ""),
        Part(4, 1, "x", ""),
        Part(0, 10, "x", ""),
    ):
        with pytest.raises(rules.PartDiffers):
            rules.has(there, part)
    with pytest.raises(rules.PartOutside):
        rules.has(there, Part(9, 2, "x", ""))


def test_parts_are_bounded() -> None:
    many = standing(rules.LIMIT, *[(n, 1) for n in range(rules.MANY)])
    assert rules.has(many, Part(0, 1, "x", "")), "one that is there is no further one"
    with pytest.raises(rules.TooManyParts):
        rules.has(many, Part(rules.MANY, 1, "x", ""))


@pytest.mark.parametrize(("person", "parts", "reasons"), [
    (ME, ((0, 10),), []),
    (ME, ((0, 9),), [rules.PartsMissing]),
    (OTHER, ((0, 10),), [rules.NotYourUpload]),
    (OTHER, (), [rules.NotYourUpload, rules.PartsMissing]),
])  # fmt: skip
def test_only_the_uploader_completes_and_only_what_is_whole(person, parts, reasons) -> None:
    actor = Actor(ME, person, "411421", "411421201", (Appointment(Office.HELPER, "411421201", None),))  # type: ignore[arg-type]
    found = rules.ATTACHMENT.blockers("complete", "open", standing(10, *parts), actor)
    assert [type(reason) for reason in found] == reasons


@given(st.integers(1, 50), st.integers(0, 60), st.integers(0, 60))
def test_an_interval_lies_within_the_file(size: int, first: int, last: int) -> None:
    a, b = rules.interval(f"bytes={first}-{last}", size)
    assert 0 <= a < b <= size
    asked = set(range(first, min(last + 1, size)))
    assert set(range(a, b)) == (asked or set(range(size)))
    assert rules.interval(f"bytes={first}-", size) == ((first, size) if first < size else (0, size))


@pytest.mark.parametrize(
    "odd", [None, "", "bytes=-5", "bytes=1-2,4-5", "items=0-1", "bytes=5-2", "bytes=x-", "bytes=1-2 "]
)
def test_what_is_no_plain_interval_asks_for_all(odd: str | None) -> None:
    assert rules.interval(odd, 9) == (0, 9)
