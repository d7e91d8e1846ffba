"""What do all commands at a shell share? How they end with one line, and how they come by a password."""

import os
import sys
from getpass import getpass
from typing import NoReturn


def halt(zh: str, en: str) -> NoReturn:
    """End with one line for whoever typed the command instead of a traceback."""
    sys.exit(f"{zh} / {en}")


def password() -> str:
    """From HUAYUAN_PASSWORD, else asked for; never an argument, which others see and the shell remembers."""
    try:
        return os.environ.get("HUAYUAN_PASSWORD") or getpass("密码 / password: ")
    except EOFError:
        halt("没有密码", "no password: name it in HUAYUAN_PASSWORD")
