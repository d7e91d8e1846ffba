"""What do those get who bend the request itself: its method, path, query, headers, cursor?"""

import base64
import json
from http.client import HTTPConnection

import httpx
import psycopg
import pytest

from tests.conftest import Township
from tests.security.strangers import AWAY, BESIDE, ID, MARK, OPERATIONS, THERE, Ground

PATHS = {o.path.replace("{id}", str(ID)).replace("{log}", Ground.alike) for o in OPERATIONS if o.path.count("{") < 2}
DECLARED = {
    path: {
        o.method.upper() for o in OPERATIONS if o.path.replace("{id}", str(ID)).replace("{log}", Ground.alike) == path
    }
    for path in PATHS
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "POST ")


def raw(ground: Ground, method: str, target: str, **headers: str) -> httpx.Response:
    """A request of the insider whose target is sent as it stands; a client would tidy it up first."""
    client = ground.insider.client
    connection = HTTPConnection(client.base_url.host, client.base_url.port, timeout=30)
    connection.request(method, target, headers={"authorization": client.headers["authorization"], **headers})
    answer = connection.getresponse()
    found = httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
    connection.close()
    return found


def test_no_method_but_the_declared_ones_does_anything(ground: Ground) -> None:
    before = ground.state(ground.alike)
    odd = []
    for path, declared in sorted(DECLARED.items()):
        if "{" in path:
            continue
        for method in METHODS[:-2]:
            if method not in declared:
                answer = raw(ground, method, path)
                if answer.status_code != 405 or set(answer.headers["allow"].split(", ")) != declared:
                    odd.append(f"{method} {path}: {answer.status_code} {answer.headers.get('allow')}")
    assert odd == []
    assert ground.state(ground.alike) == before


@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_a_method_is_not_overridden_by_a_header(ground: Ground, header: str) -> None:
    before = ground.state(ground.alike)
    assert raw(ground, "GET", f"/v1/people/{ID}", **{header: "PATCH"}).status_code == 200
    assert raw(ground, "POST", f"/v1/people/{ID}", **{header: "GET"}).status_code == 405
    assert ground.state(ground.alike) == before


@pytest.mark.parametrize(
    "target",
    [
        "/v1/people/../households", "/v1/people/%2e%2e/households", f"/v1/people/{ID}/../../accounts", "/v1//people",
        "//v1/people", f"/v1/people/{ID}/", f"/v1/people/{ID}.", f"/v1/people/{ID}.json", f"/v1/people/{ID}%20",
        f"/v1/people/{ID}%00", f"/v1/people/{ID};v=1", f"/v1/people/%2f{ID}",
        f"/v1/people/{ID}%2fdisclose", f"/V1/people/{ID}", f"/v1/PEOPLE/{ID}", f"/v1/people/{ID}%0d%0ax-a:b",
        f"/v1/households/{ID}/..%2f..%2faccounts", "/v1/ledger/411421701%2fentries", "/v1/people/undefined",
        "/v1/people/1", f"/v1/people/{ID}%252e", "/v1/ledger/..%2f0/entries", f"/v1/people/{{{ID}}}/disclose",
        f"/v1/people/urn:uuid:{ID}/ledger",
    ],
)  # fmt: skip
def test_a_bent_path_leads_nowhere(ground: Ground, target: str) -> None:
    answer = raw(ground, "GET", target)
    assert answer.status_code in (404, 405, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert MARK not in answer.text and "x-a" not in answer.headers


def test_a_slash_is_a_slash_however_it_is_written(ground: Ground) -> None:
    """Whoever compares paths in front of the service decodes them first, as the service does."""
    plain, written = (raw(ground, "GET", f"/v1/people{slash}{ID}") for slash in ("/", "%2f"))
    assert (written.status_code, written.text) == (plain.status_code, plain.text) and plain.is_success


@pytest.mark.parametrize("spelt", [str(ID).upper(), ID.hex, f"%7B{ID}%7D", f"urn:uuid:{ID}"])
def test_another_spelling_of_an_id_is_the_same_record_or_none(ground: Ground, spelt: str) -> None:
    """Never another record, and never one of somebody else: the neighbour gets what he gets for the plain spelling."""
    told = raw(ground, "GET", f"/v1/households/{spelt}")
    assert told.status_code == 422 or told.json()["id"] == str(ID)
    assert ground.neighbour.client.get(f"/v1/households/{spelt}").status_code in (404, 422)


@pytest.mark.parametrize(
    "query",
    [
        f"household_id={BESIDE}&household_id={ID}", "limit=1&limit=200", "limit=1&limit=x", "cursor=MQ&cursor=Mg",
        "Limit=1",
        "limit[]=1",
        "household_id[]=x", "county_code=411422", "township_code=411421701", "limit=1;limit=2", "limit=%31%00", "x",
        "=1", "limit=01&zzz=", "cursor=", "household_id=", "limit=1e2", "limit=-1",
    ],
)  # fmt: skip
def test_a_filter_never_fails_open(ground: Ground, query: str) -> None:
    """Given twice, unknown, empty or otherwise odd: refused, not passed over."""
    answer = raw(ground, "GET", f"/v1/visits?{query}")
    assert answer.status_code == 422, (answer.status_code, answer.text[:300])


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "kind", ["people", "households", "visits", "cases", "villages", "ledgers/households?year=2017"]
)
def test_a_cursor_opens_nothing(ground: Ground, kind: str) -> None:
    """It is a place in one's own list: another township's shows no row of it; what is no cursor is refused."""
    path, _, query = kind.partition("?")
    for key in (THERE, AWAY, ID):
        text = f"{ground.mine}201" if path == "villages" else str(key)
        answer = raw(ground, "GET", f"/v1/{path}?{query}{'&' if query else ''}cursor={cursor(text)}")
        assert answer.status_code == 200, answer.text
        assert not any(word in answer.text for word in (ground.mine, ground.away, str(THERE), str(AWAY)))
    odd = ["%00", cursor("\x00"), "x" * 200, "x" * 10_000, cursor("' or 1=1 --"), "=" * 8, "..", "%ff", "%C3%A9"]
    if path == "villages":
        odd = [o for o in odd if o not in (cursor("' or 1=1 --"), "..", "=" * 8)]  # any text has its place among codes
    for text in odd:
        answer = raw(ground, "GET", f"/v1/{path}?{query}{'&' if query else ''}cursor={text}")
        assert answer.status_code in (400, 422), (text, answer.status_code, answer.text[:200])


@pytest.mark.parametrize(
    "language",
    ["../../etc/passwd", "en;q=1\tx", "zh-CN,zh;q=0.9," * 500, "%0d%0aset-cookie: a=b", "*", "", "\xe9", "en'; drop"],
)  # fmt: skip
def test_a_language_is_chinese_or_english(ground: Ground, language: str) -> None:
    answer = raw(ground, "GET", f"/v1/people/{THERE}", **{"accept-language": language})
    assert answer.status_code == 404 and "set-cookie" not in answer.headers
    titles = {"记录不存在,或您无权查看。", "There is no such record, or you may not see it."}
    assert answer.json()["title"] in titles


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("idempotency-key", "a b"), ("idempotency-key", "a" * 256), ("idempotency-key", ""), ("if-match", "1" * 65),
        ("idempotency-key", "é"),
    ],
)  # fmt: skip
def test_a_header_that_is_no_key_is_refused(ground: Ground, name: str, value: str) -> None:
    before = ground.state(ground.alike)
    client = ground.insider.client
    sent = {name.encode(): value.encode("latin-1"), b"content-type": b"application/json"}
    answer = client.patch(f"/v1/people/{ID}", content=b'{"name": "x"}', headers=list(sent.items()))
    assert answer.status_code == 422, answer.text
    assert ground.state(ground.alike) == before


@pytest.mark.parametrize("given", ["a\tb", "x" * 500, "é", "<script>", "a b", "{}"])
def test_a_request_id_is_echoed_only_when_clean(ground: Ground, given: str) -> None:
    client = ground.insider.client
    answer = client.get(f"/v1/people/{THERE}", headers=[(b"x-request-id", given.encode("latin-1"))])
    assert given not in answer.text and answer.headers["x-request-id"] != given


@pytest.mark.parametrize(
    "authorization",
    [
        "", "Bearer", "Basic YTpi", "Bearer a.b.c", "bearer null", "Bearer {token}x", "Bearer {token}.x",
        "Token {token}", "Bearer Bearer {token}", "{token}",
    ],
)  # fmt: skip
def test_no_other_authorization_is_taken(ground: Ground, authorization: str) -> None:
    token = ground.insider.client.headers["authorization"].partition(" ")[2]
    answer = httpx.get(
        f"{ground.service.address}/v1/people/{ID}", headers={"authorization": authorization.format(token=token)}
    )
    assert answer.status_code == 401 and MARK not in answer.text


NUMBER, OTHER = "11010519491231002X", "440308199901101512"


def test_a_citizen_id_in_full_stands_nowhere(township: Township) -> None:
    """Whatever wrote it: not in a register, a stored answer, an entry or its disclosed part."""
    office = township.office("leading_group_office")
    person = office.post(
        "/people", {"name": "张三", "category": "other", "citizen_id": NUMBER}, idempotency_key="p"
    ).json()
    members = [{"name": "赵大山", "relation": "head", "citizen_id": OTHER}]
    body = {
        "card_number": "C9", "village_code": township.village, "head_name": "赵大山", "main_cause": "illness",
        "listed_on": "2016-01-01", "members": members,
    }  # fmt: skip
    household = office.post("/households", body, idempotency_key="h").json()
    member = f"/households/{household['id']}/members/{household['members'][0]['id']}/disclose"
    told = []
    for key, path in enumerate((f"/people/{person['id']}/disclose", member)):
        first, again = (office.post(path, {"purpose": "核对"}, idempotency_key=f"d{key}") for _ in range(2))
        told.append(first.json()["citizen_id"])
        assert first.headers["ledger-entry"] == again.headers["ledger-entry"], "recorded once, and told once"
        assert "citizen_id" not in again.json()
    assert told == [NUMBER, OTHER]
    entries = office.read(f"/ledger/{township.code}/entries", limit=200)["items"]
    disclosed = [e for e in entries if e["event"].endswith("disclosed")]
    assert [e["disclosed"]["purpose"]["value"] for e in disclosed] == ["核对", "核对"]
    assert office.client.head(f"/v1/people/{person['id']}/disclose").status_code == 405
    with psycopg.connect(township.service.database_url) as sql:
        tables = [row[0] for row in sql.execute("select tablename from pg_tables where schemaname = 'public'")]
        text = "\n".join(
            json.dumps([row[0] for row in sql.execute(f"select t::text from {table} t")], ensure_ascii=False)  # type: ignore[arg-type]
            for table in tables
        )
    assert "赵大山" in text, "the control: what is no secret is found"
    for number in (NUMBER, OTHER):
        assert number not in text and number.encode().hex() not in text
