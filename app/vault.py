"""How are citizen ids kept, and tokens and checkpoints signed? Keys derived from the installation's secret."""

import hmac
import os
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.note import Signer


class Vault:
    """Seals personal identifiers so that a copy of the database alone discloses none."""

    def __init__(self, master: bytes) -> None:
        def derive(purpose: str) -> bytes:
            return HKDF(SHA256(), 32, salt=None, info=b"huayuan/" + purpose.encode()).derive(master)

        self._cipher = AESGCM(derive("citizen-id/encrypt"))
        self._lookup = derive("citizen-id/lookup")
        self._derive = derive
        self.token_key = Ed25519PrivateKey.from_private_bytes(derive("token/ed25519"))
        self.token_key_id = sha256(self.token_key.public_key().public_bytes_raw()).hexdigest()[:16]

    def seal(self, text: str) -> bytes:
        """Encrypted with AES-256-GCM under a fresh nonce: 12 bytes nonce, then ciphertext and tag."""
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        return self._cipher.decrypt(sealed[:12], sealed[12:], None).decode()

    def lookup(self, county_code: str, text: str) -> bytes:
        """The same 32 bytes for the same id in one county, and only with the key."""
        return hmac.digest(self._lookup, f"{county_code}:{text}".encode(), "sha256")

    def signer(self, origin: str) -> Signer:
        """Who signs the checkpoints of the log of that origin: each log has a key of its own."""
        return Signer(origin, self._derive(f"log/{origin}"))
