"""How are citizen ids kept, and tokens and checkpoints signed? Keys derived from the installation's secrets."""

import hmac
import json
import os
from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.note import Signer


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"huayuan/" + purpose.encode()).derive(secret)


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class TokenKey:
    """An Ed25519 key of access tokens, known by its thumbprint (RFC 7638)."""

    def __init__(self, secret: bytes) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(_derive(secret, "token/ed25519"))
        self.public = self.private.public_key()
        public = {"crv": "Ed25519", "kty": "OKP", "x": base64url(self.public.public_bytes_raw())}
        self.id = base64url(sha256(json.dumps(public, separators=(",", ":")).encode()).digest())
        self.jwk = {**public, "kid": self.id, "use": "sig", "alg": "EdDSA"}
        """The public half, as others fetch it (RFC 7517)."""


class Vault:
    """Seals personal identifiers and webhooks' secrets so that a copy of the database alone discloses none.

    Holds the tokens' keys too.
    `master` seals for good; the tokens' keys come from `token_secrets`, the first of which signs, or from `master`.
    """

    def __init__(self, master: bytes, *token_secrets: bytes) -> None:
        self._cipher = AESGCM(_derive(master, "citizen-id/encrypt"))
        self._lookup = _derive(master, "citizen-id/lookup")
        self._master = master
        self._successor = _derive(master, "session/successor")
        self._blind = _derive(master, "sign-in/failures")
        self._fingerprint = _derive(master, "request/fingerprint")
        self.token_keys = tuple(TokenKey(secret) for secret in token_secrets or (master,))

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
        return Signer(origin, _derive(self._master, f"log/{origin}"))

    def successor(self, token: str) -> str:
        """What follows a refresh token: always the same, and only with the key; 43 characters."""
        return base64url(hmac.digest(self._successor, token.encode(), "sha256"))

    def blind(self, text: str) -> bytes:
        """32 bytes that stand for an address or a login where failed attempts are counted."""
        return hmac.digest(self._blind, text.encode(), "sha256")

    def fingerprint(self, request: str) -> str:
        """What a creating request is recognised by; only with the key could what it holds be found by trial."""
        return hmac.digest(self._fingerprint, request.encode(errors="surrogatepass"), "sha256").hex()
