"""When is a citizen id (公民身份号码) right in itself? Its form, birth date and check digit."""

import re
from dataclasses import dataclass
from datetime import date

from app.refusal import Invalid

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
FORM = re.compile(r"^[0-9]{17}[0-9X]$", re.ASCII)
EARLIEST_BIRTH = date(1880, 1, 1)
"""The birth date of the standard's own oldest example; nobody born earlier can be met today."""


class WrongCitizenId(Invalid, ValueError):
    """This is not a citizen id: its form, birth date or check digit is wrong.

    公民身份号码有误:格式、出生日期或校验码不正确。
    """


@dataclass(frozen=True, slots=True)
class CitizenId:
    """A citizen id taken apart; `number` has 18 characters, the last a digit or a capital X."""

    number: str
    born: date
    sex: str
    """`male` or `female`: the parity of the sequence number."""


def check_character(first17: str) -> str:
    """The 18th character to 17 digits (GB 11643-1999: weighted sum modulo 11)."""
    return CHECKS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first17, strict=True)) % 11]


def read_citizen_id(text: str, today: date | None = None, pointer: str = "/citizen_id") -> CitizenId:
    """The id taken apart; raises WrongCitizenId with `reason` form, birth_date or check_digit.

    `today` is the latest birth date accepted; without it only the calendar and EARLIEST_BIRTH bound it.
    The area (first six digits) is not looked up: areas that were re-coded stay in the ids of their people.
    """
    number = text.strip(" ").upper()
    if not FORM.match(number) or len(number) != 18:
        raise WrongCitizenId(pointer, reason="form")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise WrongCitizenId(pointer, reason="birth_date") from None
    if born < EARLIEST_BIRTH or (today is not None and born > today):
        raise WrongCitizenId(pointer, reason="birth_date")
    if check_character(number[:17]) != number[17]:
        raise WrongCitizenId(pointer, reason="check_digit")
    return CitizenId(number, born, "male" if int(number[16]) % 2 else "female")


def last_four(number: str) -> str:
    """How a citizen id is shown where no purpose is given."""
    return number[-4:]
