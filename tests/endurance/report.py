"""What did the campaigns measure in full? One JSON a campaign, and docs/endurance.md from all of them."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "endurance.md"
LONG = os.environ.get("HUAYUAN_LONG") == "1"
"""In full, as `make endurance` runs them, or short."""

HEAD = """# Endurance 耐久试验

Written by `make endurance` from `tests/endurance/results/`; nothing here is typed by hand. Each campaign is a test
that also runs in short form with all others, but for the restarts, which other tests show in short. Times are of a
shared machine; counts are what matters. `+` after a commit: with changes beside it. A commit that the history does
not have was put on top of others afterwards.
"""


def write(campaign: str, about: str, figures: dict[str, Any], seconds: float, *, passed: bool) -> None:
    """Keep what a passed campaign measured; of a failed one keep nothing, not even what it said before."""
    file = RESULTS / f"{campaign}.json"
    if passed:
        result = {
            "campaign": campaign, "about": about, "figures": figures, "seconds": round(seconds),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"), "commit": _commit(),
            "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        }  # fmt: skip
        file.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", "utf-8")
    else:
        file.unlink(missing_ok=True)
    PAGE.write_text(page(), "utf-8")


def _commit() -> str:
    """The commit that ran, with `+` where the tree differed from it outside the results."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":!tests/endurance/results", ":!docs/endurance.md")
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def page() -> str:
    """docs/endurance.md as the results say."""
    parts = [HEAD]
    for file in sorted(RESULTS.glob("*.json")):
        result = json.loads(file.read_text("utf-8"))
        parts.append(
            f"## {result['campaign'].replace('_', ' ')}\n\n{result['about']}\n\n| figure | measured |\n|---|---|\n"
            + "".join(f"| {name.replace('_', ' ')} | {_told(value)} |\n" for name, value in result["figures"].items())
            + f"\n{result['seconds']} s on {result['machine']}, {result['finished']}, commit `{result['commit']}`\n"
        )
    return "\n".join(parts)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} {_told(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
