"""What does a log say of itself to those who do not trust it? C2SP signed notes, checkpoints and proofs as text.

A signature names its algorithm by one byte, so that another takes Ed25519's place by a row of ALGORITHMS.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519 = 0x01


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a kind of signature is made from 32 secret bytes."""

    public: Callable[[bytes], bytes]
    """The secret -> the public key as the key id hashes it."""
    sign: Callable[[bytes, bytes], bytes]
    """The secret, the text -> the signature."""


ALGORITHMS = {
    ED25519: Algorithm(
        lambda secret: Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw(),
        lambda secret, text: Ed25519PrivateKey.from_private_bytes(secret).sign(text),
    )
}
"""By the signature type byte of C2SP signed-note."""


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
    def key_id(self) -> bytes:
        """4 bytes: the beginning of SHA-256(name, LF, type byte, public key)."""
        return sha256(self.name.encode() + b"\n" + self._public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The public key as verifiers are told it: `<name>+<key id, hex>+<base64 of type byte and key>`."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(self._public).decode()}"

    def sign(self, text: str) -> str:
        """The signature line, with its LF, over a text that ends in LF."""
        signature = ALGORITHMS[self.kind].sign(self.secret, text.encode())
        return f"\u2014 {self.name} {b64encode(self.key_id + signature).decode()}\n"


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
