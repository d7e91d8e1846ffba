"""Which passwords are refused?"""

import pytest

from app.accounts.rules import easy_to_guess


@pytest.mark.parametrize(
    "password",
    ["1234567890", "Password123456", "aaaaaaaaaaaa", "zhang-san-01", "zhang-san-01!", "411421201zhang-san-01",
     "qwertyuiop1", "ZHANG-SAN-01-1234", "woaini1234567890", "ababababababab"],
)  # fmt: skip
def test_what_everybody_tries_first_is_easy_to_guess(password):
    assert easy_to_guess(password, "zhang-san-01", "411421201")


@pytest.mark.parametrize("password", ["correct horse battery", "yanshi-zhang-san-01-2016", "山高水长风清月朗云淡"])
def test_a_password_that_says_something_else_is_not(password):
    assert not easy_to_guess(password, "zhang-san-01", "411421201")
