"""Who is checked this month? `draw/v1`: a draw that nobody can steer and anybody can recompute with sha256sum.

Every id gets a ticket, SHA-256(0x02 || seed || id); the lowest tickets are drawn. The seed hashes the name of
the draw, the frozen frame and the announced public sources, so that changing any of them changes everything,
while adding or removing an id under one seed never reorders the others.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

ALGORITHM = "draw/v1"
PERCENT = 30
"""Article 6(1): 按30%的比例."""
MISSING = "missing"
"""What stands in the seed for a source that was announced and never came: it restarts nothing."""

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_DRAW_ID = re.compile(r"[A-Za-z0-9._:/-]{1,64}")
_VALUE = re.compile(r"[0-9a-f]{1,1024}")


def sample_size(population: int) -> int:
    """How many of `population` are checked: 30 %, rounded up (G5: `draw.rounding=CEIL`); nobody of nobody."""
    return (PERCENT * population + 99) // 100


def lines(items: Iterable[str]) -> bytes:
    """The items, sorted bytewise, each followed by LF: the form in which a list is hashed."""
    return b"".join(item + b"\n" for item in sorted(item.encode() for item in items))


def frame_hash(ids: Iterable[str]) -> str:
    """64 hex digits. Raises ValueError for an id that is malformed or stands twice."""
    ids = list(ids)
    if bad := [i for i in ids if not _ID.fullmatch(i)]:
        raise ValueError(f"not an id of a draw: {bad[0]!r}")
    if len(set(ids)) != len(ids):
        raise ValueError("an id stands twice in the frame")
    return sha256(lines(ids)).hexdigest()


Sources = Sequence[tuple[str, str]]
"""Name and value of each source, in the announced order; a value is lowercase hex or `missing`."""


def seed_text(draw_id: str, frame: str, sources: Sources) -> str:
    """What is hashed, after the byte 0x01, into the seed; `frame` is the frame's hash in hex."""
    if not _DRAW_ID.fullmatch(draw_id):
        raise ValueError(f"not the name of a draw: {draw_id!r}")
    for name, value in sources:
        if not _ID.fullmatch(name) or not (value == MISSING or _VALUE.fullmatch(value)):
            raise ValueError(f"not a source of a seed: {name!r}")
    return "".join(f"{line}\n" for line in (ALGORITHM, draw_id, frame, *(f"{n}={v}" for n, v in sources)))


def seed(draw_id: str, frame: str, sources: Sources) -> bytes:
    """32 bytes."""
    return sha256(b"\x01" + seed_text(draw_id, frame, sources).encode()).digest()


def ticket(of_seed: bytes, unit: str) -> bytes:
    """32 bytes: the place of `unit` in the order."""
    return sha256(b"\x02" + of_seed + unit.encode()).digest()


def ranking(of_seed: bytes, ids: Iterable[str]) -> list[tuple[str, str]]:
    """Every id with its ticket in hex, lowest ticket first."""
    return [(i, t.hex()) for t, i in sorted((ticket(of_seed, i), i) for i in ids)]


@dataclass(frozen=True, slots=True)
class Commitment:
    """What is entered in the ledger before the seed exists; ids and hashes only."""

    draw_id: str
    frame_hash: str
    population: int
    size: int
    sources: tuple[str, ...]
    """The names of the seed's sources, in the order in which they will be hashed."""


def commit(draw_id: str, ids: Sequence[str], sources: Sequence[str]) -> Commitment:
    """Freeze the frame; raises ValueError as `frame_hash` does."""
    return Commitment(draw_id, frame_hash(ids), len(ids), sample_size(len(ids)), tuple(sources))


@dataclass(frozen=True, slots=True)
class Draw:
    """A finished draw, with everything that recomputes it: its own proof."""

    draw_id: str
    frame: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    frame_hash: str
    seed: str
    size: int
    ranking: tuple[tuple[str, str], ...]

    @property
    def sample(self) -> list[str]:
        """The ids drawn, lowest ticket first."""
        return [i for i, _ in self.ranking[: self.size]]


def draw(draw_id: str, ids: Iterable[str], sources: Sources) -> Draw:
    """Draw from the frame; no replacement, one stratum (G7). Raises ValueError for malformed names and ids."""
    frame = tuple(sorted(ids))
    hashed = frame_hash(frame)
    of_seed = seed(draw_id, hashed, sources)
    ranked = tuple(ranking(of_seed, frame))
    return Draw(draw_id, frame, tuple(sources), hashed, of_seed.hex(), sample_size(len(frame)), ranked)


def differences(claimed: Draw, committed: Commitment) -> list[str]:
    """The parts of a claimed draw that are not what its frame and sources give, or not what was committed to."""
    true = draw(claimed.draw_id, claimed.frame, claimed.sources)
    wrong = [f for f in ("frame", "frame_hash", "seed", "size", "ranking") if getattr(claimed, f) != getattr(true, f)]
    if commit(claimed.draw_id, claimed.frame, [name for name, _ in claimed.sources]) != committed:
        wrong.append("commitment")
    return wrong


def inspector_ticket(of_seed: bytes, unit: str, inspector: str) -> bytes:
    """32 bytes: the place of the inspector in the order for `unit`."""
    return sha256(b"\x03" + of_seed + unit.encode() + b"\n" + inspector.encode()).digest()


def assign(
    drawn: Draw, inspectors: Sequence[str], excluded: Mapping[str, frozenset[str]], team: int
) -> dict[str, list[str]]:
    """A team for each drawn id: `team` inspectors by ticket, none excluded for that id, none above the load cap.

    `excluded` (回避) maps an id to inspectors; nobody is ever assigned to himself. The cap is
    ceil(team * drawn / inspectors); where it and the exclusions leave too few, the team is short.
    """
    of_seed, load = bytes.fromhex(drawn.seed), dict.fromkeys(inspectors, 0)
    cap = -(-team * drawn.size // len(load)) if load else 0
    teams: dict[str, list[str]] = {}
    for unit in drawn.sample:
        free = [i for i in load if load[i] < cap and i != unit and i not in excluded.get(unit, ())]
        teams[unit] = sorted(free, key=lambda i: (inspector_ticket(of_seed, unit, i), i))[:team]
        for inspector in teams[unit]:
            load[inspector] += 1
    return teams


HEAD = r"""#!/usr/bin/env bash
# {title}
# {title_zh}
set -eu
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
bytes() {{ sed 's/../\\x&/g'; }}
"""


def announcement(committed: Commitment) -> str:
    """What is committed to before the seed exists, as a text that runs in bash. 种子产生之前的承诺。"""
    head = HEAD.format(
        title=f"{committed.draw_id}: committed to, not drawn yet. Run this text with bash to check the commitment.",
        title_zh=f"{committed.draw_id}:已作承诺,尚未抽取。用 bash 运行本文即可核对承诺。",
    )
    facts = [ALGORITHM, f"draw {committed.draw_id}", f"frame {committed.frame_hash}"]
    facts += [f"population {committed.population}", f"size {committed.size}"]
    facts += [f"source {name}" for name in committed.sources]
    names = f"cat > sources <<'END'\n{_listed(f'{name}=' for name in committed.sources)}END\n"
    return f"{head}cat <<'END'\n{_listed(facts)}END\nD={committed.draw_id}\nF={committed.frame_hash}\n{names}"


def recipe(proof: Draw) -> str:
    """The draw as a text that explains itself and runs in bash: it prints the seed and then the order.

    自证文本:任何人可用 sha256sum 逐步复算本次抽查。
    """
    of, size = len(proof.frame), proof.size
    head = HEAD.format(
        title=f"{proof.draw_id}: {size} of {of} are drawn, by draw/v1. Run this text with bash to draw again.",
        title_zh=f"{proof.draw_id}:从 {of} 人中抽取 {size} 人。用 bash 运行本文即可复算。",
    )
    sources = [f"{name}={value}" for name, value in proof.sources]
    body = RECIPE.format(
        draw_id=proof.draw_id, size=size, frame=_listed(proof.frame), sources=_listed(sources)
    )  # fmt: skip
    return head + body


def lot(inspectors: Sequence[str], barred: Iterable[tuple[str, str]], team: int, size: int) -> str:
    """What draws the teams again, behind a recipe; `barred` names a unit and an inspector (回避)."""
    cap = -(-team * size // len(inspectors))
    pairs = _listed(f"{unit} {who}" for unit, who in barred)
    return LOT.format(inspectors=_listed(inspectors), barred=pairs, team=team, cap=cap, size=size)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The commitment's entry, and what leads from it to a signed checkpoint of its log."""

    log: str
    seq: int
    leaf: str
    path: tuple[tuple[str, str], ...] = ()
    """`left` or `right`, and the hash that stands on that side; from the leaf to the root."""
    checkpoint: str | None = None
    """The signed note; None where none covers the entry yet."""


def evidence(of: Evidence) -> str:
    """What shows, behind a recipe or an announcement, that the commitment stands in the log."""
    text = COMMITTED.format(log=of.log, seq=of.seq, leaf=of.leaf)
    if of.checkpoint is None:
        return text + UNSIGNED
    return text + SIGNED.format(path=_listed(f"{side} {item}" for side, item in of.path), checkpoint=of.checkpoint)


def _listed(items: Iterable[str]) -> str:
    return "".join(f"{item}\n" for item in items)


RECIPE = r"""
# 1. The frame: one id per line, sorted.  抽查范围:每行一个编号,按字节排序。
cat > frame <<'END'
{frame}END
F=$(sha256sum < frame | cut -c 1-64)

# 2. The seed: the byte 01, the name of the draw, the frame's hash and the announced sources.
#    种子:字节 01、抽查名称、范围散列、事先公布的来源。
cat > sources <<'END'
{sources}END
D='{draw_id}'
S=$({{ printf '\001draw/v1\n%s\n%s\n' "$D" "$F"; cat sources; }} | sha256sum | cut -c 1-64)
echo "frame $F"
echo "seed $S"

# 3. A ticket for each id: the byte 02, the 32 bytes of the seed, the id.  每个编号一张签:字节 02、种子、编号。
mkdir tickets
raw=$(printf %s "$S" | bytes)
while read -r id; do printf "\\x02$raw%s" "$id" > "tickets/=$id"; done < frame

# 4. Sorted by ticket, the first {size} are drawn.  按签由小到大,前 {size} 名中签。
touch order
[ -s frame ] && (cd tickets; sha256sum -- *) | sort | awk '{{sub(/^=/, "", $2); print $1, $2}}' > order
cat order
"""

LOT = r"""
# 5. A team for each of those drawn. Tickets of inspectors: the byte 03, the seed, the drawn id, LF, the inspector.
#    Lowest tickets first; nobody who is recused, nobody above the cap of {cap}.
#    为每名中签者抽选检查人员:字节 03、种子、中签者、换行、检查人员;按签由小到大,回避者除外,每人至多 {cap} 次。
cat > inspectors <<'END'
{inspectors}END
cat > barred <<'END'
{barred}END
head -n {size} order > drawn
mkdir teams
while read -r _ unit; do
  while read -r who; do printf "\\x03$raw%s\\n%s" "$unit" "$who" > "teams/=$unit=$who"; done < inspectors
done < drawn
if [ -s drawn ]; then (cd teams; sha256sum -- *) > lots; else touch lots; fi
sort lots | awk -v cap={cap} -v team={team} '
  FILENAME == ARGV[1] {{ barred[$1, $2] = 1; next }}
  FILENAME == ARGV[2] {{ unit[++units] = $2; next }}
  {{ split($2, part, "="); row[part[2]] = row[part[2]] " " part[3] }}
  END {{ for (u = 1; u <= units; u++) {{
    line = "team " unit[u]; taken = 0; many = split(row[unit[u]], who, " ")
    for (w = 1; w <= many && taken < team; w++)
      if (load[who[w]] < cap && who[w] != unit[u] && !((unit[u], who[w]) in barred)) {{
        load[who[w]]++; taken++; line = line " " who[w]
      }}
    print line }} }}' barred drawn -
"""

COMMITTED = r"""
# The commitment is entry {seq} of the log {log}. Its hash: the byte 00 and the entry.
# 承诺为台账 {log} 第 {seq} 条(自 0 起)。条目散列:字节 00 与条目原文。
IFS= read -r leaf <<'END'
{leaf}
END
fits() {{ case $leaf in *"$1"*) ;; *) echo "the entry does not say $1"; exit 1 ;; esac; }}
fits '"event":"inspection_round.committed"'
fits "\"draw_id\":\"$D\""
fits "\"frame_hash\":\"$F\""
announced=$(printf %s "$leaf" | grep -o '"name":"[^"]*"' | cut -d '"' -f 4)
[ "$announced" = "$(cut -d = -f 1 sources)" ] || {{ echo "other sources were announced"; exit 1; }}
echo "committed to this draw, frame and sources"
H=$(printf '\000%s' "$leaf" | sha256sum | cut -c 1-64)
echo "entry $H"
"""

UNSIGNED = r"""
# No signed checkpoint covers this entry yet.  尚无已签名的检查点覆盖该条目。
echo "not yet under a signed checkpoint"
"""

SIGNED = r"""
# Up the tree, the byte 01 before each pair, to the root that the checkpoint signs (its third line, in base64).
# 沿树逐层计算(字节 01、左、右),直至检查点所签的根(第三行,base64)。
cat > path <<'END'
{path}END
while read -r side hash; do
  if [ "$side" = left ]; then pair=$hash$H; else pair=$H$hash; fi
  H=$(printf "\\x01$(printf %s "$pair" | bytes)" | sha256sum | cut -c 1-64)
done < path
cat > checkpoint <<'END'
{checkpoint}END
root=$(printf "$(printf %s "$H" | bytes)" | base64)
[ "$root" = "$(sed -n 3p checkpoint)" ] || {{ echo "another root: $H"; exit 1; }}
echo "root $H"
cat checkpoint
"""
