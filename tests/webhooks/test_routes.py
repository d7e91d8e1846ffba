"""Is a county's system told everything, in order, whatever fails; and can its administrator see and steer that?"""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks.webhooks import Webhook

from app import outbound
from app.events.actions import Position
from app.outbound import Sender
from app.webhooks import rules
from tests.events.conftest import County
from tests.events.test_routes import follow, happen, size_of
from tests.working import Receiver, work_off


@pytest.fixture(autouse=True)
def tomorrow_at_the_earliest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two tries lies a day, however slow the machine is."""
    monkeypatch.setattr(rules, "SECONDS", (0, *[86_400] * 9))


@pytest.fixture
def receiver(county: County, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    made = Receiver()
    monkeypatch.setattr(county.service.settings, "webhook_allow", made.place)
    yield made
    made.stop()


def work(county: County, times: int = 1) -> None:
    work_off(county.service.settings, times=times)


def set_up(county: County, receiver: Receiver, **more: Any) -> dict[str, Any]:
    return county.admin.made("/webhooks", {"url": receiver.url, **more})


def tomorrow(county: County) -> None:
    """As if the pause before the next try were over."""
    with psycopg.connect(county.service.database_url) as connection:
        connection.execute("update webhook_cursors set next_attempt_at = now() where county_code = %s", [county.code])


def log_of(county: County) -> list[dict[str, Any]]:
    """The leaves of the county's own log."""
    with psycopg.connect(county.service.database_url) as connection:
        asked = "select convert_from(leaf, 'UTF8') from log_event where township_code = %s order by seq"
        return [json.loads(row[0]) for row in connection.execute(asked, [county.code])]


def test_what_happens_is_told_in_order_signed_and_without_what_is_disclosed(county, receiver):
    place, other = county.township(), county.township()
    hook = set_up(county, receiver)
    sizes = {p.code: size_of(p) for p in (place, other)}
    happen(place, 3)
    happen(other, 2)
    work(county)
    expected = {p.code: [f"{p.code}-{n}" for n in range(sizes[p.code], size_of(p))] for p in (place, other)}
    assert {code: [i for i in receiver.ids if i.startswith(code)] for code in expected} == expected
    verify = Webhook(hook["secret"]).verify
    messages = [verify(body, headers) for headers, body in receiver.messages]
    entries, _ = follow(county.client("events"))
    feed = {(e["log"], e["seq"]): {k: v for k, v in e.items() if k != "disclosed"} for e in entries}
    assert [m["data"] for m in messages] == [feed[m["data"]["log"], m["data"]["seq"]] for m in messages]
    assert all(m["type"] == m["data"]["event"] and m["timestamp"] == m["data"]["happened_at"] for m in messages)
    work(county)
    assert len(receiver.messages) == len(messages), "once is enough"


def test_the_secret_is_shown_once_and_sealed(county, receiver):
    body = {"url": receiver.url, "description": "县扶贫系统"}
    made = county.admin.post("/webhooks", body, idempotency_key="k")
    assert made.json()["secret"].startswith("whsec_")
    assert made.headers["ledger-entry"].startswith(f"{county.code}/")
    assert "secret" not in county.admin.post("/webhooks", body, idempotency_key="k").json()
    path = f"/webhooks/{made.json()['id']}"
    assert "secret" not in county.admin.read(path)
    with psycopg.connect(county.service.database_url) as connection:
        (sealed,) = connection.execute(
            "select secret_sealed from webhooks where id = %s", [made.json()["id"]]
        ).fetchone()
    assert county.service.app.state.vault.open(bytes(sealed)) == made.json()["secret"]
    told = [e for e in log_of(county) if e["event"] == "webhook.created"]
    assert receiver.url not in json.dumps(told), "an address may hold a password"


def test_only_the_events_that_are_asked_for(county, receiver):
    place = county.township()
    happen(place)
    set_up(county, receiver, events=["visit.recorded", "unit.created"], cursor=Position(county.code, {}).cursor)
    work(county)
    assert {m["type"] for m in receiver.told} == {"unit.created"}
    with psycopg.connect(county.service.database_url) as connection:
        at = connection.execute("select next_seq from webhook_cursors where log = %s", [place.code]).fetchone()
    assert at == (size_of(place),), "the rest is passed over for good"


def test_from_a_cursor_on_and_a_township_that_comes_later_from_its_beginning(county, receiver):
    place = county.township()
    happen(place)
    _, cursor = follow(county.client("events"))
    happen(place, 2)
    set_up(county, receiver, cursor=cursor)
    late = county.township()
    work(county)
    size = size_of(place)
    assert [i for i in receiver.ids if i.startswith(place.code)] == [f"{place.code}-{n}" for n in (size - 2, size - 1)]
    assert [i for i in receiver.ids if i.startswith(late.code)] == [f"{late.code}-{n}" for n in range(size_of(late))]


@pytest.mark.parametrize("status", [500, 302, 400])
def test_what_fails_is_tried_again_later_and_holds_up_what_follows_in_its_township_alone(county, receiver, status):
    here, there = county.township(), county.township()
    happen(here)
    happen(there)
    hook = set_up(county, receiver)
    happen(here, 3)
    happen(there, 3)
    first = f"{here.code}-{size_of(here) - 3}"
    receiver.answer = lambda headers, body: status if headers["webhook-id"] == first else 200
    work(county)
    assert [i for i in receiver.ids if i.startswith(here.code)] == [first]
    assert len([i for i in receiver.ids if i.startswith(there.code)]) == 3
    work(county)
    assert receiver.ids.count(first) == 1, "not before its time"
    (failing,) = county.admin.read(f"/webhooks/{hook['id']}/deliveries", state="failing")["items"]
    assert (failing["attempts"], failing["status"], failing["error"], failing["delivered_at"]) == (
        1,
        status,
        None,
        None,
    )
    receiver.answer = lambda headers, body: 200
    tomorrow(county)
    work(county)
    assert [i for i in receiver.ids if i.startswith(here.code)] == [
        first,
        *[f"{here.code}-{size_of(here) - n}" for n in (3, 2, 1)],
    ]
    log = county.admin.read(f"/webhooks/{hook['id']}/deliveries", log=here.code)["items"]
    assert [(d["state"], d["attempts"], d["status"]) for d in log] == [
        ("delivered", 2, 200),
        *[("delivered", 1, 200)] * 2,
    ]


def test_one_webhook_that_fails_holds_up_no_other(county, receiver):
    place = county.township()
    happen(place)
    broken = Receiver(lambda headers, body: 503)
    county.service.settings.webhook_allow = f"{receiver.place}, {broken.place}"
    set_up(county, broken)
    set_up(county, receiver)
    happen(place, 2)
    work(county)
    broken.stop()
    assert (len(broken.messages), len(receiver.messages)) == (1, 2)


def test_after_the_last_try_it_is_disabled_on_record_and_enabled_it_goes_on_where_it_stood(county, receiver):
    place = county.township()
    happen(place)
    hook = set_up(county, receiver)
    happen(place, 2)
    receiver.answer = lambda headers, body: 500
    for _ in rules.SECONDS:
        tomorrow(county)
        work(county)
    assert len(receiver.messages) == len(rules.SECONDS) == 10
    path = f"/webhooks/{hook['id']}"
    stands = county.admin.read(path)
    assert (stands["state"], stands["disabled_because"], stands["version"]) == ("disabled", "exhausted", 2)
    entry = next(e for e in log_of(county) if e["event"] == "webhook.disabled")
    assert entry["data"] == {"because": "exhausted", "log": place.code}
    receiver.answer = lambda headers, body: 200
    tomorrow(county)
    work(county)
    assert len(receiver.messages) == 10, "disabled is disabled"
    county.admin.act(path, "enable")
    work(county)
    assert receiver.ids[10:] == [f"{place.code}-{size_of(place) - n}" for n in (2, 1)]


def test_who_says_gone_is_told_nothing_more(county, receiver):
    place = county.township()
    happen(place)
    hook = set_up(county, receiver)
    happen(place, 3)
    receiver.answer = lambda headers, body: 410
    work(county, times=2)
    assert len(receiver.messages) == 1
    assert county.admin.read(f"/webhooks/{hook['id']}")["disabled_because"] == "gone"


def test_while_the_secret_changes_both_sign(county, receiver):
    place = county.township()
    happen(place)
    hook = set_up(county, receiver)
    path = f"/webhooks/{hook['id']}"
    new = county.admin.act(path, "rotate-secret", {"overlap_hours": 1})["secret"]
    happen(place)
    work(county)
    headers, body = receiver.messages[-1]
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (hook["secret"], new):
        Webhook(secret).verify(body, headers)
    newest = county.admin.act(path, "rotate-secret", {"overlap_hours": 0})["secret"]
    happen(place)
    work(county)
    headers, body = receiver.messages[-1]
    Webhook(newest).verify(body, headers)
    assert len(headers["webhook-signature"].split(" ")) == 1
    with psycopg.connect(county.service.database_url) as connection:
        connection.execute(
            "update webhooks set previous_sealed = secret_sealed, previous_until = now() where id = %s",
            [hook["id"]],
        )
    happen(place)
    work(county)
    assert len(receiver.messages[-1][0]["webhook-signature"].split(" ")) == 1, "when the time is over it signs no more"


def test_one_delivery_or_everything_from_a_cursor_on_is_told_again(county, receiver):
    place = county.township()
    happen(place)
    hook = set_up(county, receiver)
    _, cursor = follow(county.client("events"))
    happen(place, 3)
    work(county)
    path, ids = f"/webhooks/{hook['id']}", list(receiver.ids)
    second = county.admin.read(f"{path}/deliveries")["items"][1]
    assert f"{second['log']}-{second['seq']}" == ids[1]
    again = f"{path}/deliveries/{second['id']}/replay"
    etag = county.admin.get(path).headers["etag"]
    assert county.admin.post(again, if_match=etag).status_code == 200
    etag = county.admin.get(path).headers["etag"]
    assert county.admin.post(again, if_match=etag).json()["code"] == "still-being-told"
    assert county.admin.post(f"{path}/deliveries/{uuid4()}/replay", if_match=etag).status_code == 404
    work(county)
    assert receiver.ids[3:] == [ids[1]]
    assert receiver.messages[1][1] == receiver.messages[3][1], "the same words"
    assert [d["attempts"] for d in county.admin.read(f"{path}/deliveries")["items"]] == [1, 2, 1]
    county.admin.act(path, "replay", {"cursor": cursor})
    work(county)
    assert receiver.ids[4:] == ids
    ahead = county.admin.try_act(path, "replay", {"cursor": follow(county.client("events"))[1]})
    assert ahead.status_code == 200
    happen(place)
    county.admin.act(path, "replay", {"cursor": follow(county.client("events"))[1]})
    work(county)
    assert len(receiver.ids) == 8, "a cursor ahead skips nothing"


def test_what_was_told_is_noted_for_ninety_days_and_what_fails_until_it_is_told(county, receiver):
    place = county.township()
    happen(place)
    hook = set_up(county, receiver)
    happen(place, 2)
    receiver.answer = lambda headers, body: 500 if len(receiver.messages) > 1 else 200
    work(county)
    log = f"/webhooks/{hook['id']}/deliveries"
    for days, left in ((89, {"delivered", "failing"}), (91, {"failing"})):
        with psycopg.connect(county.service.database_url) as connection:
            aged = "update webhook_deliveries set last_at = now() - make_interval(days => %s) where webhook_id = %s"
            connection.execute(aged, [days, hook["id"]])
            connection.commit()
            connection.execute("select sweep(1000)")
        assert {d["state"] for d in county.admin.read(log)["items"]} == left


def test_only_the_countys_administrator_sets_up_and_others_of_the_county_see(county, receiver):
    place = county.township()
    body = {"url": receiver.url}
    refused = place.admin.post("/webhooks", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "only-the-county-has-webhooks")
    client = county.client("read", "events")
    assert client.post("/webhooks", body).status_code == 403
    hook = set_up(county, receiver)
    assert client.read(f"/webhooks/{hook['id']}")["url"] == receiver.url
    assert client.read(f"/webhooks/{hook['id']}/deliveries")["items"] == []
    assert place.admin.get(f"/webhooks/{hook['id']}").status_code == 404
    assert County(county.service).admin.get(f"/webhooks/{hook['id']}").status_code == 404


def test_it_is_changed_and_switched_by_those_who_saw_it_as_it_is(county, receiver):
    path = f"/webhooks/{set_up(county, receiver)['id']}"
    patched = county.admin.patch(path, {"events": ["visit.recorded"], "description": None}, if_match='"1"').json()
    assert (patched["events"], patched["url"]) == (["visit.recorded"], receiver.url)
    assert county.admin.patch(path, {"url": "https://10.0.0.1/"}, if_match='"2"').json()["code"] == "address-refused"
    assert county.admin.post(f"{path}/disable", if_match='"1"').status_code == 412
    assert county.admin.act(path, "disable")["disabled_because"] == "administrator"
    assert county.admin.try_act(path, "disable").json()["code"] == "webhook-disabled"
    assert county.admin.act(path, "enable")["state"] == "enabled"
    assert county.admin.try_act(path, "enable").json()["code"] == "webhook-enabled"
    bad = county.admin.post("/webhooks", {"url": receiver.url, "events": ["visit.recordet"]})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/events/0")


# ── where to ─────────────────────────────────────────────────────────────────────────────────────


class Names:
    """A name server of the test's own, whose answers follow one another; the last one stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0
        real = socket.getaddrinfo

        def getaddrinfo(host: Any, port: Any, *args: Any, **more: Any) -> Any:
            if host != "county.example":
                return real(host, port, *args, **more)
            answer = self.answers[min(self.asked, len(self.answers) - 1)]
            self.asked += 1
            return real(answer, port, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def post(sender: Sender, url: str) -> outbound.Outcome:
    async def send() -> outbound.Outcome:
        try:
            return await sender.post(url, b"{}", {"content-type": "application/json"})
        finally:
            await sender.close()

    return asyncio.run(send())


@pytest.mark.parametrize("private", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_into_the_house_is_told_nothing(county, receiver, monkeypatch, private):
    place = county.township()
    happen(place)
    port = receiver.server.server_port
    hook = county.admin.made("/webhooks", {"url": f"https://county.example:{port}/hook"})
    happen(place)
    names = Names(monkeypatch, private)
    work(county)
    (failing,) = county.admin.read(f"/webhooks/{hook['id']}/deliveries")["items"]
    assert (failing["state"], failing["error"], failing["status"]) == ("failing", "address_refused", None)
    assert (receiver.messages, names.asked) == ([], 1)


def test_a_name_that_changes_its_meaning_after_the_check_changes_nothing(receiver, monkeypatch):
    """DNS rebinding: the address that was checked is the address that is asked. Who resolves again is led away."""
    port = receiver.server.server_port
    url = f"http://county.example:{port}/hook"
    names = Names(monkeypatch, "127.0.0.1", "192.0.2.1")
    checked: list[str] = []
    sender = Sender("county.example", port, lambda address: checked.append(str(address)) is None)
    assert post(sender, url).status == 200
    assert (checked, names.asked) == (["127.0.0.1"], 1)
    assert receiver.messages[0][0]["host"] == f"county.example:{port}"
    rebound = Names(monkeypatch, "93.184.216.34", "127.0.0.1")
    with httpx.Client(trust_env=False) as careless:
        assert rules.is_public(ip_address(socket.getaddrinfo("county.example", port)[0][4][0]))
        assert careless.post(url, content=b"{}").status_code == 200, "the control: a check and then a plain request"
    assert rebound.asked == 2 and len(receiver.messages) == 2


def test_one_unfit_address_among_several_is_enough_to_refuse(monkeypatch):
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert post(Sender("county.example", 443, rules.is_public), "https://county.example/").error == "address_refused"


def test_no_redirect_is_followed(receiver):
    receiver.answer = lambda headers, body: 307
    sender = Sender("127.0.0.1", receiver.server.server_port, lambda _: True)
    assert post(sender, receiver.url).status == 307
    assert len(receiver.messages) == 1


def test_who_never_answers_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(outbound, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        outcome = post(Sender("127.0.0.1", port, lambda _: True), f"http://127.0.0.1:{port}/")
    assert (outcome.status, outcome.error) == (None, "timeout")
    outcome = post(Sender("127.0.0.1", port, lambda _: True), f"http://127.0.0.1:{port}/")
    assert (outcome.status, outcome.error) == (None, "no_connection")


def certificate(folder: Any, name: str) -> Any:
    """A key and a certificate of that name, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(("name", "status"), [("county.example", 200), ("another.example", None)])
def test_over_tls_it_is_the_name_that_is_proven_though_the_address_is_asked(
    receiver, monkeypatch, tmp_path, name, status
):
    file = certificate(tmp_path, name)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    receiver.server.socket = serving.wrap_socket(receiver.server.socket, server_side=True)
    port = receiver.server.server_port
    Names(monkeypatch, "127.0.0.1")
    sender = Sender("county.example", port, lambda _: True)
    sender._client = httpx.AsyncClient(verify=ssl.create_default_context(cafile=file))
    assert post(sender, f"https://county.example:{port}/hook").status == status
