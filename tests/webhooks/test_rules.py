"""Are addresses that lead into a house refused, messages signed as the specification says, and tried as it says?"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.webhooks import rules
from app.webhooks.rules import AddressRefused

REFUSED = [
    "http://county.example/hook", "https://localhost/", "https://LOCALHOST./", "https://db/", "https://db.internal/x",
    "https://printer.local/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0177.0.0.1/", "https://10.0.0.8/", "https://172.16.4.4/", "https://192.168.1.1/", "https://169.254.169.254/",
    "https://100.64.0.1/", "https://0.0.0.0/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/",
    "https://[::]/", "https://[fe80::1]/", "https://[fc00::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:a00:1]/",
    "https://[2002:7f00:1::]/", "https://[64:ff9b::7f00:1]/", "https://[ff02::1]/", "https://[fec0::1]/",
    "https://user@county.example/", "https://user:word@county.example/", "https://county.example/#part",
    "https://county.example:99999/", "https://county.example:0/", "https:///hook", "https://[::1/", "ftp://county.example/",
    "https://county..example/", "https://-county.example/", "https://1.2.3.4.5/", "https://县.example/",
]  # fmt: skip
TAKEN = [
    "https://county.example", "https://county.example/hook?key=a", "https://COUNTY.Example:8443/hook",
    "https://xn--fiq228c.example/", "https://8.8.8.8/hook", "https://[2400:3200::1]/hook", "HTTPS://county.example/",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_leads_into_a_house_or_nowhere_is_refused(url):
    with pytest.raises(AddressRefused):
        rules.check_address(url, ())


@pytest.mark.parametrize("url", TAKEN)
def test_a_public_https_address_is_taken(url):
    rules.check_address(url, ())


def test_the_operator_may_allow_one_by_host_and_port_and_nothing_beside_it():
    allowed = {"127.0.0.1:9000", "hub.internal:443"}
    for url in ("http://127.0.0.1:9000/hook", "https://hub.internal/hook"):
        rules.check_address(url, allowed)
    for url in ("http://127.0.0.1:9001/hook", "https://127.0.0.1/", "http://hub.internal/", "https://x.hub.internal/"):
        with pytest.raises(AddressRefused):
            rules.check_address(url, allowed)


@pytest.mark.parametrize(
    ("address", "public"),
    [("1.1.1.1", True), ("10.1.1.1", False), ("::ffff:1.1.1.1", True), ("::ffff:10.1.1.1", False), ("192.0.2.1", False),
     ("64:ff9b::101:101", True), ("64:ff9b::a01:101", False), ("2001:db8::1", False), ("240.0.0.1", False),
     ("192.0.0.192", False), ("192.0.1.192", True), ("3fff::1", False)],
)  # fmt: skip
def test_what_a_name_resolves_to_is_judged_alike(address, public):
    assert rules.is_public(ip_address(address)) is public


def headers(secrets: list[str], body: str, id: str = "m-1", at: datetime | None = None) -> dict[str, str]:
    stamp = int((at or datetime.now(UTC)).timestamp())
    return {
        "webhook-id": id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": rules.signatures(secrets, id, stamp, body),
    }


SECRET, OTHER = rules.secret_of(bytes(range(32))), rules.secret_of(bytes(range(1, 33)))
BODY = '{"type":"visit.recorded","data":{"村":"三河"}}'


def test_the_specifications_own_library_verifies_and_so_it_does_while_the_secret_changes():
    assert Webhook(SECRET).verify(BODY, headers([SECRET], BODY))["type"] == "visit.recorded"
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(BODY, headers([OTHER, SECRET], BODY))


def test_whatever_was_changed_on_the_way_is_seen():
    good = headers([SECRET], BODY)
    wrong = [
        (SECRET, BODY.replace("三", "四"), good),
        (SECRET, BODY, good | {"webhook-id": "m-2"}),
        (OTHER, BODY, good),
        *[(SECRET, BODY, headers([SECRET], BODY, at=datetime.now(UTC) + timedelta(seconds=s))) for s in (-301, 302)],
    ]
    for secret, body, sent in wrong:
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, sent)


def test_it_is_tried_ten_times_over_three_days():
    pauses = [rules.pause(failures, 0) for failures in range(1, 11)]
    assert pauses[-1] is None
    told = [p for p in pauses if p is not None]
    assert [p.total_seconds() for p in told] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(told, timedelta()) > timedelta(hours=64), "longer than a weekend"
    assert rules.pause(1, 1) == timedelta(seconds=5.5)


def test_nothing_but_2xx_counts():
    assert [s for s in (199, 200, 204, 299, 300, 301, 302, 400, 410, 500) if rules.is_delivered(s)] == [200, 204, 299]
    assert rules.is_gone(410)
