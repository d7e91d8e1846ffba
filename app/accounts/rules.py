"""Which passwords are refused? Those that somebody who knows the account would try first."""

USUAL = (
    "1234567890", "0987654321", "12345678", "123456", "abcdefgh", "abc123", "qwertyuiop", "qwerty", "asdfghjkl",
    "1qaz2wsx", "zxcvbnm", "password", "passw0rd", "admin", "administrator", "welcome", "iloveyou", "woaini", "mima",
    "huayuan", "fupin", "tuopin",
)  # fmt: skip
"""What everybody tries."""
LEFT = 6
"""Characters that must be left without these, five of them different."""


def easy_to_guess(password: str, *names: str) -> bool:
    """Is too little left of a password without the account's own names and what everybody tries?"""
    rest = password.lower()
    for word in sorted({*names, *USUAL}, key=len, reverse=True):
        rest = rest.replace(word.lower(), "")
    return len(rest) < LEFT or len(set(rest)) < LEFT - 1
