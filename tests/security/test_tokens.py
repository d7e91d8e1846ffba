"""Is a token refused for the one thing that is wrong with it? All of them: endurance/test_sign_in.py."""

import socket
import time

import httpx
import pytest

from tests.conftest import Township
from tests.security.forge import Forge


@pytest.fixture
def forge(township: Township) -> Forge:
    return Forge(township.service, township.admin)


def test_a_changed_claim_of_no_meaning_is_good(township: Township, forge: Forge) -> None:
    """So that it is the one thing, and not the forging, for which the others are refused."""
    with httpx.Client(base_url=township.service.address) as client:
        for token in (forge.made(jti="another"), forge.made(iat=int(time.time()) + 2), forge.made(nbf=1)):
            assert client.get("/v1/me", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_a_raw_nul_never_reaches_an_operation(township: Township, forge: Forge) -> None:
    """No client library sends it; the HTTP parser answers 400."""
    port = int(township.service.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"GET /v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + forge.good.encode() + b"\0\r\n\r\n")
        assert line.recv(64).split()[1] in (b"400", b"401")
