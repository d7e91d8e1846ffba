"""How does a document become paper? Typst sets it with the shipped fonts as PDF/A, off the event loop."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from threading import local
from typing import Any, Final, TypeVar

import typst

from app.refusal import Conflict
from app.wire import UNSEEN

T = TypeVar("T")
LAYOUT: Final = Path(__file__).with_name("press.typ")
SHIPPED: Final = files("pylopdf_fonts_zh_cn")
"""Noto Serif SC and Noto Sans SC, OFL: all of Unicode's first 27,584 Han characters, and 215 rarer ones."""
AT_ONCE: Final = 2
"""Documents that are set at the same time by one worker; others wait, and no other request waits for them."""
STANDARD: Final = "a-2b"
"""PDF/A-2b: fonts stand in the file, nothing depends on the day or the machine, no glyph may be missing."""
_MISSING: Final = re.compile(r'the text `"(.*?)"` could not be displayed')
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}")
TURNS: Final = re.compile(f"[{UNSEEN}]")
SOLID: Final = re.compile(r"[!-~]{20}(?=[!-~])")
"""As much as stands in a narrow column; after it a longer run without a blank may be broken."""


class CharacterNotPrintable(Conflict):
    """No font here has some characters of this record; nothing is printed with a gap or a box in their place.

    字库缺少本件所含的某些字,不以空白或方框代替,故未生成文件;请由系统管理员补充字体。
    """


class Press:
    """The fonts, and the threads that set pages with them: one compiler each, since none serves two at once."""

    def __init__(self, further: Path | None = None, shipped: Any = SHIPPED) -> None:
        """`further` is a folder of fonts for what the shipped ones lack."""
        folders = [str(folder) for folder in (shipped, further) if folder]
        self._fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
        self._threads = ThreadPoolExecutor(AT_ONCE, "press")
        self._own = local()

    async def pdf(self, document: Mapping[str, Any]) -> bytes:
        """The document as press.typ describes it; the same one gives the same bytes. Raises CharacterNotPrintable."""
        return await self.work(self.set, document)

    async def work(self, task: Callable[..., T], *args: Any) -> T:
        """What sets several documents, in the press's own threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, task, *args)

    def set(self, document: Mapping[str, Any]) -> bytes:
        """The same, in the caller's own thread."""
        told = json.dumps(_breakable(document), ensure_ascii=False)
        if turning := TURNS.findall(told):
            raise _not_printable(turning, document)
        if not hasattr(self._own, "compiler"):
            self._own.compiler = typst.Compiler(LAYOUT, root=LAYOUT.parent, font_paths=self._fonts)
        try:
            made = self._own.compiler.compile(
                format="pdf",
                sys_inputs={"print": told},
                pdf_standards=[STANDARD],
                pdf_tags=len(document["papers"]) == 1,
            )
        except typst.TypstError as error:
            if missing := _MISSING.findall(error.diagnostic):
                raise _not_printable(map(_character, missing), document) from error
            raise
        return bytes(made)

    def close(self) -> None:
        self._threads.shutdown()


def _not_printable(characters: Iterable[str], document: Mapping[str, Any]) -> CharacterNotPrintable:
    """`papers` are the feet of those papers of the document that have one of the characters."""
    found = sorted(set(characters))
    papers = [p["foot"][0] for p in document["papers"] if any(c in json.dumps(p, ensure_ascii=False) for c in found)]
    return CharacterNotPrintable(characters=found, code_points=[f"U+{ord(c):04X}" for c in found], papers=papers)


def _breakable(told: Any) -> Any:
    """The same words, where long ones may be broken before they run off the page; feet stay as they are."""
    match told:
        case str():
            return SOLID.sub("\\g<0>\u200b", told)
        case dict():
            return {name: value if name == "foot" else _breakable(value) for name, value in told.items()}
        case list() | tuple():
            return [_breakable(value) for value in told]
    return told


def _character(shown: str) -> str:
    """The first character of a text as typst quotes it."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), shown)[:1]
