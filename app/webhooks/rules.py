"""What is right when another system is told? Which addresses, how it is signed, when it is tried again, what counts.

Standard Webhooks 1.0.0 throughout; nothing here is of the regulation.
"""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from app.refusal import Conflict, Forbidden

SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Before each try: at once, and the last one three days after the first."""
SECRET_BYTES = 32
"""Of 24 to 64."""
PREFIX = "whsec_"
NAME = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])", re.ASCII)
"""A host's full name; what ends in a number is an address however it is written."""
HOME = ("localhost", "local", "internal", "localdomain", "home.arpa")
NAT64 = IPv6Network("64:ff9b::/96")


class Event(StrEnum):
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_ENABLED = "webhook.enabled"
    WEBHOOK_DISABLED = "webhook.disabled"
    SECRET_ROTATED = "webhook.secret_rotated"
    REPLAY_ASKED = "webhook.replay_asked"


class State(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


class Why(StrEnum):
    """Why a webhook is disabled."""

    ADMINISTRATOR = "administrator"
    GONE = "gone"
    """The receiver said so: 410."""
    EXHAUSTED = "exhausted"
    """All tries of one entry failed."""


class Told(StrEnum):
    """What became of a delivery."""

    DELIVERED = "delivered"
    FAILING = "failing"
    """It is tried again, and what comes after it in its township waits."""
    ASKED = "asked"
    """It is to be sent once more, because somebody asked for it."""
    FAILED = "failed"
    """What somebody asked for again failed, and is not tried again."""


class AddressRefused(Conflict):
    """This is no address of a public https server, and the operator has not allowed it by name.

    该地址不是公网 https 服务地址,运维人员也未特别允许。
    """

    advice = (
        "Give an https address of the public network, or have the operator name it in `HUAYUAN_WEBHOOK_ALLOW`.",
        "请改用公网可解析的 https 地址,或请运维人员在 `HUAYUAN_WEBHOOK_ALLOW` 中列明该地址。",
    )


class WebhookDisabled(Conflict):
    """The webhook is disabled: enable it first.

    该推送已停用,请先启用。
    """


class WebhookEnabled(Conflict):
    """The webhook is enabled already.

    该推送已处于启用状态。
    """


class OnlyTheCountyHasWebhooks(Forbidden):
    """Only an administrator of the county sets up webhooks.

    只有县级管理员可以设置事件推送。
    """


class StillBeingTold(Conflict):
    """This entry is still being told, or was asked for already.

    该事件仍在推送中,或已请求重新推送。
    """


# ── where to ─────────────────────────────────────────────────────────────────────────────────────


def host_and_port(url: str) -> tuple[str, int]:
    """Of an http or https address. Raises AddressRefused where it is none, or has a user or a fragment."""
    try:
        parts = urlsplit(url)
        usual = {"https": 443, "http": 80}[parts.scheme]
        port = usual if parts.port is None else parts.port
    except (ValueError, KeyError) as error:
        raise AddressRefused from error
    if not parts.hostname or parts.username is not None or parts.password is not None or "#" in url or not port:
        raise AddressRefused
    return parts.hostname, port


def check_address(url: str, allowed: Iterable[str]) -> None:
    """As far as can be said without asking anybody; what a name resolves to is checked each time.

    Raises AddressRefused.
    """
    host, port = host_and_port(url)
    if f"{host}:{port}" in allowed:
        return
    if not url.lower().startswith("https:"):
        raise AddressRefused
    try:
        address = ip_address(host)
    except ValueError:
        if not NAME.fullmatch(host) or any(host == home or host.endswith(f".{home}") for home in HOME):
            raise AddressRefused from None
    else:
        if not is_public(address):
            raise AddressRefused


NOT_PUBLIC = (ip_network("192.0.0.0/24"), ip_network("3fff::/20"))
"""Of special use (RFC 6890, RFC 9637), which not every Python knows."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Does it lead out of every house? Also where an IPv4 address is wrapped into one of IPv6."""
    if isinstance(address, IPv6Address):
        teredo = address.teredo
        wrapped = [address.ipv4_mapped, address.sixtofour, *(teredo or ())]
        if address in NAT64:
            wrapped.append(IPv4Address(int(address) & 0xFFFFFFFF))
        if any(inner is not None and not is_public(inner) for inner in wrapped):
            return False
        if address.ipv4_mapped is not None or address in NAT64:
            return True
        if address.is_site_local:
            return False
    known = address.is_global and not address.is_multicast and not address.is_reserved
    return known and not any(address in special for special in NOT_PUBLIC)


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────


def message_id(log: str, seq: int) -> str:
    """The same at every try, so that a receiver knows an entry that it has."""
    return f"{log}-{seq}"


def secret_of(random: bytes) -> str:
    return PREFIX + b64encode(random).decode()


def signatures(secrets: Iterable[str], id: str, timestamp: int, body: str) -> str:
    """One for each secret, apart by blanks: while a secret is being changed both hold."""
    content = f"{id}.{timestamp}.{body}".encode()
    keys = (b64decode(secret.removeprefix(PREFIX)) for secret in secrets)
    return " ".join(f"v1,{b64encode(hmac.digest(key, content, sha256)).decode()}" for key in keys)


# ── what becomes of it ───────────────────────────────────────────────────────────────────────────


def is_delivered(status: int) -> bool:
    """Nothing but 2xx; a redirect is a failure, for nobody checked where it leads."""
    return 200 <= status < 300


def is_gone(status: int) -> bool:
    return status == 410


def pause(failures: int, jitter: float) -> timedelta | None:
    """After so many failures in a row; None where there is no further try. `jitter`, 0 to 1, spreads it by a tenth."""
    if failures >= len(SECONDS):
        return None
    return timedelta(seconds=SECONDS[failures] * (1 + jitter / 10))
