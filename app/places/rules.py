"""Which place lies in which? Statistical codes of China's divisions: every code begins with its parent's."""

import csv
import lzma
import re
from collections.abc import Collection, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from app.refusal import Invalid, NotFound

PACKED = Path(__file__).parent / "data"


class Level(StrEnum):
    """The five levels of 统计用区划代码, from the top."""

    PROVINCE = "province"  # 省
    CITY = "city"  # 市
    COUNTY = "county"  # 县
    TOWNSHIP = "township"  # 乡
    VILLAGE = "village"  # 村


LENGTHS = {2: Level.PROVINCE, 4: Level.CITY, 6: Level.COUNTY, 9: Level.TOWNSHIP, 12: Level.VILLAGE}
"""How many digits a code of each level has."""

TOWNSHIP_CODE = r"^\d{9}$"
VILLAGE_CODE = r"^\d{12}$"


class PrincipalPost(StrEnum):
    """Whose post makes a village's 村主要负责人: a policy (G25), set per village."""

    PARTY_SECRETARY = "party_secretary"  # 村党组织书记
    COMMITTEE_DIRECTOR = "committee_director"  # 村委会主任


class NotADivisionCode(Invalid):
    """A division's code has 2, 4, 6, 9 or 12 digits.

    区划代码应为2、4、6、9或12位数字。
    """


class OutsideTheTownship(Invalid):
    """This village does not lie in the township.

    该村不属于本乡。
    """


class UnknownDivision(NotFound):
    """The national list has no such place.

    全国区划目录中没有该地。
    """


class Division(NamedTuple):
    """One row of the national list."""

    code: str
    name: str

    @property
    def level(self) -> Level:
        return level_of(self.code)


def level_of(code: str, pointer: str = "/code") -> Level:
    """The level that the length of `code` tells; NotADivisionCode at `pointer` otherwise."""
    if not re.fullmatch(r"[0-9]+", code) or len(code) not in LENGTHS:
        raise NotADivisionCode(pointer)
    return LENGTHS[len(code)]


def parent_of(code: str) -> str | None:
    """The code of the division above; None for a province."""
    above = [length for length in LENGTHS if length < len(code)]
    return code[: above[-1]] if level_of(code) is not Level.PROVINCE else None


def lies_in(code: str, place: str) -> bool:
    """Is `code` the place or below it?"""
    return code.startswith(place) and len(place) in LENGTHS


def require_village_of(township: str, village: str, pointer: str) -> None:
    """Refuse, at `pointer`, a village code of another township; a county (six digits) has no villages of its own."""
    if len(township) != 9 or level_of(village, pointer) is not Level.VILLAGE or not lies_in(village, township):
        raise OutsideTheTownship(pointer, township_code=township)


def divisions(under: str = "", also: Collection[str] = ()) -> Iterator[Division]:
    """Packed rows whose code begins with `under` or is among `also`, parents first.

    All 665,276 rows take about two seconds; one township's take as long as the villages' file is read.
    """
    for name in ("divisions.csv.xz", "villages.csv.xz"):
        with lzma.open(PACKED / name, "rt", encoding="utf-8", newline="") as packed:
            rows = csv.reader(packed)
            next(rows)
            found = [Division(code, label) for code, label in rows if code.startswith(under) or code in also]
        yield from sorted(found, key=lambda division: (len(division.code), division.code))


def lineage(code: str) -> list[str]:
    """The codes of all divisions above, from the province down, and the code itself."""
    above = parent_of(code)
    return [*lineage(above), code] if above else [code]
