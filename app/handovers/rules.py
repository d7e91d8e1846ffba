"""What is in a sealed hand-over, to the byte? The same entries under the same checkpoint give the same file.

Everything in it follows from the entries of the case, from what is opened of them, and from one signed checkpoint; so
the receiver checks the whole against the log, without the service. Members are stored, not compressed, in a fixed
order, with one fixed time and one mode.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from app.attachments.rules import MediaType, kind_of
from app.refusal import Conflict

Json = dict[str, Any]

OPENED: Final[Mapping[str, frozenset[str] | None]] = {
    "case": None,
    "finding": None,
    "notice": None,
    "objection": None,
    "person": frozenset({"name"}),
}
"""What a receiver gets to read, by subject of the entry: None is everything; of the subject's person the name alone.

What stands in no row stays sealed: why a member of the organ stepped aside is no matter of the case.
"""
KEPT_BACK: Final = frozenset({"case.recused"})
"""Entries that are handed over and stay sealed all the same."""
ENCLOSED: Final = 32 * 2**20
"""Bytes of evidence in a package; what is beyond is handed over apart, known by the hashes in the entries."""
SUFFIX: Final[Mapping[MediaType | None, str]] = {
    MediaType.JPEG: ".jpg", MediaType.PNG: ".png", MediaType.WEBP: ".webp", MediaType.HEIC: ".heic",
    MediaType.PDF: ".pdf",
}  # fmt: skip
FORMAT: Final = "huayuan hand-over v1"
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
MODE: Final = 0o100644 << 16
UNIX: Final = 3


class NotYetSigned(Conflict):
    """No signed checkpoint covers the last entry of what is handed over yet: ask again after the next one.

    尚无已签名的检查点覆盖所移交材料的最后一条记录,请在下一检查点签署后办理。
    """


def opened(entry: Mapping[str, Any]) -> Json:
    """The entry with what the receiver may read of its sealed values, each with its salt."""
    subject = str(entry["event"]).partition(".")[0]
    allowed = frozenset() if entry["event"] in KEPT_BACK else OPENED.get(subject, frozenset())
    disclosed = entry["disclosed"] or {}
    shown = {name: value for name, value in disclosed.items() if allowed is None or name in allowed}
    return {**entry, "disclosed": shown or None}


def named(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The SHA-256 of every attachment that the entries name, each once, in the order of the log."""
    found = (one["sha256"] for e in entries for one in json.loads(e["leaf"])["data"].get("attachments", ()))
    return list(dict.fromkeys(found))


def enclosed(entries: Sequence[Mapping[str, Any]], sizes: Mapping[str, int]) -> list[str]:
    """Which of these files go into the package: in the order of the log, until the next would be too much."""
    chosen, total = [], 0
    for digest in named(entries):
        total += sizes[digest]
        if total > ENCLOSED:
            break
        chosen.append(digest)
    return chosen


def package(
    entries: Sequence[Mapping[str, Any]],
    proofs: Mapping[int, Sequence[bytes]],
    checkpoint: str,
    evidence: Mapping[str, bytes],
) -> bytes:
    """The ZIP. `entries` in the order of the log, `proofs` by number, the signed note, `evidence` by its SHA-256."""
    shown = [opened(entry) for entry in entries]
    files = {
        "README.txt": README.encode(),
        "checkpoint": checkpoint.encode(),
        "entries.ndjson": b"".join(_canonical(entry) + b"\n" for entry in shown),
        "proofs.json": _canonical({str(seq): [item.hex() for item in proof] for seq, proof in proofs.items()}),
        **{f"{subject}.json": _canonical(told) for subject, told in readable(shown).items()},
        **{f"evidence/{digest}{SUFFIX.get(kind_of(data), '')}": data for digest, data in evidence.items()},
    }
    return sealed(files)


def readable(entries: Sequence[Mapping[str, Any]]) -> dict[str, list[Json]]:
    """The entries by subject, as a person reads them: what happened, with the values that are opened."""
    told: dict[str, list[Json]] = {}
    for entry in entries:
        leaf = json.loads(entry["leaf"])
        words = {name: shown["value"] for name, shown in (entry["disclosed"] or {}).items()}
        line = {"seq": entry["seq"], **{name: leaf[name] for name in ("event", "at", "data")}, "words": words}
        told.setdefault(leaf["event"].partition(".")[0], []).append(line)
    return told


def sealed(files: Mapping[str, bytes], **told: Any) -> bytes:
    """A ZIP of the files, with a manifest of their hashes and of what is `told`."""
    manifest = {**told, "files": {name: sha256(data).hexdigest() for name, data in files.items()}}
    return zipped({"manifest.json": _canonical(manifest), **files})


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP that says nothing but these bytes under these names."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, EPOCH)
            member.external_attr, member.create_system = MODE, UNIX
            archive.writestr(member, files[name])
    return target.getvalue()


def _canonical(value: Any) -> bytes:
    """RFC 8785 for what entries hold."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


README: Final = """\
案件移交包 / Sealed hand-over of a case

case.json       案件经过、决定   what was done and decided in the case
finding.json    事实与证据       facts and evidence, as found and confirmed
notice.json     通报             notices that followed
objection.json  异议             objections and what became of them
person.json     当事人           the subject's name, as registered
evidence/       照片与扫描件(超过 32 MiB 的另行移交)   photos and scans by SHA-256; beyond 32 MiB apart
entries.ndjson  以上所依据的台账条目原文,及所公开内容的盐值   the entries of the log on which all this rests
proofs.json     各条目的存在证明   proofs that the entries are in the log
checkpoint      台账所有者签名的检查点   the checkpoint, signed by the log's keeper
manifest.json   其余各文件的 SHA-256   SHA-256 of every other file
(没有内容的文件不出现 / what is empty is left out)

核验(无需联网,无需原系统):向签发机关以外的可信渠道取得其公钥(vkey),然后运行
To verify, without any network or the service, have the keeper's public key (vkey) from somebody you trust and run

    python huayuan_verify.py --key VKEY handover FILE.zip

证明:(1)每个文件与清单一致;(2)每一条目确在签名检查点所覆盖的台账之中;(3)公开的内容与条目中的承诺一致;
(4)可读文件恰由这些条目得出,所附照片与扫描件即条目所列。未公开的个人内容以承诺形式留在条目中,本包不含其值。
It shows that each file is the one listed, that each entry is in the log under the signed checkpoint, that what is
opened is what was sealed, that the readable files follow from the entries, and that these name the evidence. What is
not opened stays sealed.
"""
