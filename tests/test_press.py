"""Is a document set the same everywhere, whole, and without holding up whoever else asks?"""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from typing import Any

import pytest
import typst

from app.press import LAYOUT, CharacterNotPrintable, Press

PRESS = Press()


def letter(text: str) -> dict[str, Any]:
    paper = {"foot": ["记录"], "blocks": [{"kind": "prose", "text": text}]}
    return {"title": "函", "date": "2017-03-05", "form": False, "papers": [paper]}


PROGRAM = """
import json, sys
from hashlib import sha256
from app.press import Press
print(sha256(Press().set(json.load(sys.stdin))).hexdigest())
"""


def test_another_process_in_another_zone_at_another_time_sets_the_same_bytes():
    document = letter("第一条 为切实做好精准脱贫工作。")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps(document), capture_output=True, text=True, check=True,
        env=os.environ | {"TZ": "America/New_York"},
    )  # fmt: skip
    assert done.stdout.strip() == hashlib.sha256(PRESS.set(document)).hexdigest()
    assert PRESS.set(letter("别的话。")) != PRESS.set(document), "the comparison can fail"


def test_the_file_is_archival_pdf_and_without_that_a_missing_glyph_would_pass():
    assert b"pdfaid:part" in PRESS.set(letter("文"))
    told = json.dumps(letter("𠮷"), ensure_ascii=False)
    plain = typst.Compiler(LAYOUT, root=LAYOUT.parent, font_paths=PRESS._fonts)
    assert plain.compile(format="pdf", sys_inputs={"print": told}), "a box, silently"
    with pytest.raises(CharacterNotPrintable) as refused:
        PRESS.set(letter("𠮷"))
    assert refused.value.facts == {"characters": ["𠮷"], "code_points": ["U+20BB7"], "papers": ["记录"]}


@pytest.mark.parametrize("character", ["😀", "ب", "\ue000", "\U000f0000", "\u202e", "\u2067"])
def test_what_leaves_no_ink_of_its_own_or_turns_other_words_around_is_refused_by_name(character):
    with pytest.raises(CharacterNotPrintable) as refused:
        PRESS.set(letter(f"甲{character}乙"))
    assert refused.value.facts["characters"] == [character]


@pytest.mark.parametrize(
    "text", ["镕䶮㛃𬱖龘堃", "〔2017〕①、‘’“”—…·《》℃㎡¥", "#emph[*x*] $a$ \\u{1} <b> @x // `", "A" * 500]
)
def test_names_marks_and_what_looks_like_markup_are_printed_as_they_are(text):
    assert PRESS.set(letter(text))


def test_a_folder_of_further_fonts_supplies_what_is_lacking(tmp_path):
    """So a name that cannot be printed today can be printed tomorrow."""
    shipped, few, more = files("pylopdf_fonts_zh_cn"), tmp_path / "few", tmp_path / "more"
    for name, folder in (("NotoSerifSC-Regular.otf", few), ("NotoSansSC-Regular.otf", more)):
        folder.mkdir()
        shutil.copy(str(shipped / name), folder)
    with pytest.raises(CharacterNotPrintable):
        Press(shipped=few).set(letter("𥫗"))
    assert Press(more, shipped=few).set(letter("𥫗"))


async def _ticks(press: Press, document: dict[str, Any]) -> int:
    """How often the event loop came round while the document was set."""
    task, ticks = asyncio.ensure_future(press.pdf(document)), 0
    while not task.done():
        ticks += 1
        await asyncio.sleep(0)
    await task
    return ticks


def test_the_event_loop_goes_on_while_pages_are_set():
    document = letter("文" * 20_000)
    assert asyncio.run(_ticks(PRESS, document)) > 100

    class Blocking(Press):
        async def pdf(self, document: Any) -> bytes:
            return self.set(document)

    assert asyncio.run(_ticks(Blocking(), letter("字" * 20_000))) < 5, "the count above can fail"
