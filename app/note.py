"""What does a log say of itself to those who do not trust it? C2SP signed notes, checkpoints and proofs as text.

A signature names its algorithm by one byte, so that another takes Ed25519's place by a row of ALGORITHMS.
"""

import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.merkle import HASH_BYTES

ED25519 = 0x01
COSIGNATURE = 0x04
STAMP_BYTES = 8
KEY_ID_BYTES = 4
SIGNATURE_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+=*)")
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a kind of signature is made from 32 secret bytes, and checked."""

    public: Callable[[bytes], bytes]
    """The secret -> the public key as the key id hashes it."""
    sign: Callable[[bytes, bytes], bytes]
    """The secret, the text -> the signature."""
    verify: Callable[[bytes, bytes, bytes], None]
    """The public key, the signature, the text; raises InvalidSignature, or ValueError for what is no key."""


def _public(secret: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def _sign(secret: bytes, text: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(secret).sign(text)


def _verify(public: bytes, signature: bytes, text: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public).verify(signature, text)


def _witnessed(stamp: bytes, text: bytes) -> bytes:
    """What a cosigner signs: that at this time it knew of no larger tree (C2SP tlog-cosignature, Ed25519)."""
    return b"cosignature/v1\ntime %d\n%b" % (int.from_bytes(stamp, "big"), text)


def _cosign(secret: bytes, text: bytes) -> bytes:
    stamp = int(time.time()).to_bytes(STAMP_BYTES, "big")
    return stamp + _sign(secret, _witnessed(stamp, text))


def _verify_cosigned(public: bytes, signature: bytes, text: bytes) -> None:
    stamp, signature = signature[:STAMP_BYTES], signature[STAMP_BYTES:]
    _verify(public, signature, _witnessed(stamp, text))


ALGORITHMS = {
    ED25519: Algorithm(_public, _sign, _verify),
    COSIGNATURE: Algorithm(_public, _cosign, _verify_cosigned),
}
"""By the signature type byte of C2SP signed-note."""


def key_id(name: str, public: bytes) -> bytes:
    """4 bytes: the beginning of SHA-256(name, LF, type byte, public key)."""
    return sha256(name.encode() + b"\n" + public).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class Signer:
    """A key under a name; its secret is shown nowhere."""

    name: str
    secret: bytes
    kind: int = ED25519

    @property
    def _public(self) -> bytes:
        return bytes([self.kind]) + ALGORITHMS[self.kind].public(self.secret)

    @property
    def vkey(self) -> str:
        """The public key as verifiers are told it: `<name>+<key id, hex>+<base64 of type byte and key>`."""
        return f"{self.name}+{key_id(self.name, self._public).hex()}+{b64encode(self._public).decode()}"

    def sign(self, text: str) -> str:
        """The signature line, with its LF, over a text that ends in LF."""
        signature = ALGORITHMS[self.kind].sign(self.secret, text.encode())
        return f"\u2014 {self.name} {b64encode(key_id(self.name, self._public) + signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whose signatures count: a name and a public key behind its type byte."""

    name: str
    public: bytes

    @classmethod
    def of(cls, vkey: str) -> "Verifier":
        """From `<name>+<key id, hex>+<base64>`. Raises ValueError."""
        name, told, encoded = vkey.split("+", 2)
        public = b64decode(encoded, validate=True)
        if not name or public[:1] not in {bytes([kind]) for kind in ALGORITHMS} or key_id(name, public).hex() != told:
            raise ValueError("no public key of a known kind")
        return cls(name, public)

    def signature_in(self, note: "Note") -> str | None:
        """The first line of the note that this key signed, with its LF."""
        for name, raw, line in note.signatures:
            if (name, raw[:KEY_ID_BYTES]) == (self.name, key_id(self.name, self.public)):
                try:
                    ALGORITHMS[self.public[0]].verify(self.public[1:], raw[KEY_ID_BYTES:], note.body.encode())
                except (InvalidSignature, ValueError):
                    continue
                return line
        return None


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint with its signatures, as it was read; nothing is verified by reading it."""

    body: str
    """What is signed, with its last LF."""
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes, str], ...]
    """Name, key id with signature, and the whole line."""

    @classmethod
    def of(cls, text: str) -> "Note":
        """Raises ValueError where the text is no C2SP tlog-checkpoint."""
        body, _, signed = text.rpartition("\n\n")
        found = [SIGNATURE_LINE.fullmatch(line) for line in signed.removesuffix("\n").split("\n")]
        origin, size, root, *_ = f"{body}\n\n\n".split("\n")
        if not (signed.endswith("\n") and origin and SIZE.fullmatch(size)):
            raise ValueError("no checkpoint")
        signatures = [(line[1], b64decode(line[2], validate=True), f"{line[0]}\n") for line in found if line]
        if len(signatures) != len(found) or len(decoded := b64decode(root, validate=True)) != HASH_BYTES:
            raise ValueError("no checkpoint")
        return cls(f"{body}\n", origin, int(size), decoded, tuple(signatures))


def checkpoint(signer: Signer, size: int, root: bytes) -> str:
    """The signed note that says: the log of that name has `size` entries under this root (C2SP tlog-checkpoint)."""
    text = f"{signer.name}\n{size}\n{b64encode(root).decode()}\n"
    return f"{text}\n{signer.sign(text)}"


def inclusion_text(index: int, proof: Sequence[bytes], note: str) -> str:
    """C2SP tlog-proof: the entry at `index` is in the tree of the signed note."""
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{_lines(proof)}\n{note}"


def consistency_text(old: int, proof: Sequence[bytes], note: str) -> str:
    """The body of C2SP tlog-witness `add-checkpoint`: the tree of the signed note extends its first `old` entries."""
    return f"old {old}\n{_lines(proof)}\n{note}"


def _lines(proof: Sequence[bytes]) -> str:
    return "".join(f"{b64encode(item).decode()}\n" for item in proof)
