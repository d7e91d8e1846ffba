"""Does bad input get what the contract says: a clear problem, never a 500, never a silent change?"""

import base64
import json
import socket

import pytest

from app import problems
from app.intake import rules
from app.problems import BadText, render
from app.refusal import Conflict
from app.wire import SHOWN

PERSON = {"name": "张三", "category": "organ_cadre"}


@pytest.fixture(scope="module")
def office(shared_township):
    return shared_township.office("leading_group_office")


def send(office, content, path="/v1/people", **headers):
    headers = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return office.client.post(path, content=content, headers=headers)


def problem(answer, status):
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status and found["type"] == "/problems/" + found["code"]
    return found


@pytest.mark.parametrize("text", ["{", "[1,", '{"name": }', "not json", '{"a":1,"a":2}', "[" * 100_000, "\xff"])
def test_malformed_json_is_400(office, text):
    problem(send(office, text.encode("latin-1")[:60_000]), 400)


def test_a_wrong_content_type_is_415(office):
    assert problem(send(office, b"name=x", content_type="application/x-www-form-urlencoded"), 415)["accept"]
    problem(send(office, json.dumps(PERSON), content_type="text/plain"), 415)


def test_a_body_over_the_limit_is_413(office):
    problem(send(office, json.dumps(PERSON | {"name": "x" * 70_000})), 413)


def test_a_body_over_the_limit_in_pieces_is_413(office):
    pieces = (b" " * 10_000 for _ in range(8))
    problem(office.client.post("/v1/people", content=pieces, headers={"content-type": "application/json"}), 413)


def test_a_body_that_dawdles_is_408(office):
    url = office.client.base_url
    token = office.client.headers["authorization"]
    with socket.create_connection((url.host, url.port), 20) as connection:
        head = f"POST /v1/people HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: application/json\r\n"
        connection.sendall(f"{head}content-length: 50\r\n\r\n{{".encode())
        answer = connection.recv(4096).decode()
    assert " 408 " in answer.split("\r\n")[0]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"name": "a\\u0000b", "category": "organ_cadre"}', "/name"),
        ('{"name": "\\ud800", "category": "organ_cadre"}', "/name"),
        ('{"name": "x", "category": "organ_cadre", "a\\u0000": 1}', ""),
        ('{"name": NaN, "category": "organ_cadre"}', None),
        ('{"name": 1e999, "category": "organ_cadre"}', None),
        ('{"name": -Infinity, "category": "organ_cadre"}', None),
        ('{"name": 99999999999999999999999, "category": "organ_cadre"}', None),
        ('{"name": true, "category": "organ_cadre"}', "/name"),
        ('{"name": 5, "category": "organ_cadre"}', "/name"),
        ('{"name": "", "category": "organ_cadre"}', "/name"),
        ('{"name": "x"}', "/category"),
        ('{"name": "x", "category": "emperor"}', "/category"),
        ('{"name": "x", "category": "organ_cadre", "salary": 1}', "/salary"),
        ('{"name": "x", "category": "organ_cadre", "unit_id": "7"}', "/unit_id"),
        ("[]", ""),
        ('"text"', ""),
        ("null", ""),
    ],
)
def test_what_json_or_the_schema_cannot_mean_is_422_with_a_pointer(office, body, pointer):
    found = problem(send(office, body), 422)
    assert found["errors"], found
    if pointer is not None:
        assert pointer in [error["pointer"][: len(pointer)] for error in found["errors"]]
    assert "emperor" not in json.dumps(found), "what was sent is never echoed"


@pytest.mark.parametrize(("language", "expected"), [("zh-CN", "校验码"), ("en", "check")])
def test_a_citizen_id_with_a_wrong_check_digit_is_named_in_the_reader_s_language(office, language, expected):
    found = problem(
        send(office, json.dumps(PERSON | {"citizen_id": "110105194912310021"}), accept_language=language), 422
    )
    assert found["errors"][0]["pointer"] == "/citizen_id"
    assert expected in found["errors"][0]["message"]
    assert "110105194912310021" not in json.dumps(found)


def test_what_is_wrong_in_itself_is_said_before_who_may_do_it(shared_township):
    helper = shared_township.office("helper")
    problem(helper.post("/people", PERSON | {"citizen_id": "110105194912310021"}), 422)
    problem(helper.post("/people", PERSON), 403)


def test_who_may_not_do_it_reads_whose_it_is(shared_township):
    helper = shared_township.office("helper")
    names = {
        "zh-CN": "此事项由系统管理员、乡扶贫开发领导小组办公室、乡党政办公室办理。",
        "en": "This is done by: administrator, leading group office, party gov office.",
    }
    titles = {"zh-CN": "此事项由其他职务办理。", "en": "Another office does this."}
    for language, detail in names.items():
        answer = send(helper, json.dumps(PERSON), accept_language=language)
        told = problem(answer, 403)
        assert told["offices"] == ["administrator", "leading_group_office", "party_gov_office"]
        assert (told["title"], told["detail"]) == (titles[language], detail)


def test_month_13_and_half_dates_are_422(office, shared_township):
    person = office.made("/people", PERSON)["id"]
    base = {"person_id": person, "office": "assessor", "place": shared_township.code}
    for bad in ("2017-13-01", "2017-02-30", "20170101", 0, True, "2017-01-01T00:00:00Z"):
        found = problem(office.post("/appointments", base | {"starts": bad}), 422)
        assert found["errors"][0]["pointer"] == "/starts"


def test_a_place_outside_the_township_is_refused(office):
    person = office.made("/people", PERSON)["id"]
    body = {"person_id": person, "office": "village_principal", "place": "110101001001", "starts": "2017-01-01"}
    assert problem(office.post("/appointments", body), 409)["code"] == "place-outside"


@pytest.mark.parametrize(
    "query", ["nmae=x", "limit=0", "limit=201", "limit=x", "cursor=%00", "cursor=zzz", "category=x"]
)
def test_a_filter_never_fails_open(office, query):
    problem(office.client.get(f"/v1/people?{query}"), 422)


def test_operations_without_parameters_take_none(office):
    assert problem(office.client.get("/v1/me?x=1"), 422)["errors"][0]["pointer"] == "query:x"
    problem(office.client.post("/v1/people?x=1", json=PERSON), 422)


def test_who_is_not_signed_in_hears_that_first(office):
    for body in ("{", json.dumps(PERSON)):
        answer = send(office, body, authorization="Bearer x")
        assert problem(answer, 401) and answer.headers["www-authenticate"]


def test_an_unknown_address_and_a_wrong_method_are_problems_too(office):
    problem(office.client.get("/v1/emperors"), 404)
    answer = office.client.delete("/v1/people")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET, POST"
    problem(office.get("/people/01920000-0000-7000-8000-000000000009"), 404)
    problem(office.get("/people/7"), 422)


def test_every_problem_has_its_page(office):
    found = problem(send(office, "{"), 400)
    page = office.client.get(found["type"])
    assert page.status_code == 200 and "HTTP 400" in page.text
    assert office.client.get("/problems/nothing-such").status_code == 404


def test_a_refusal_leaves_nothing_behind(office, shared_township):
    log = f"/ledger/{shared_township.code}/checkpoint"
    before = (office.read(log), len(office.read("/people", limit=200)["items"]))
    send(office, json.dumps(PERSON | {"unit_id": "01920000-0000-7000-8000-000000000009"}))
    send(office, json.dumps(PERSON | {"citizen_id": "110105194912310021"}), idempotency_key="left-behind")
    assert (office.read(log), len(office.read("/people", limit=200)["items"])) == before
    made = send(office, json.dumps(PERSON | {"citizen_id": "11010519491231002X"}), idempotency_key="left-behind")
    assert made.status_code == 201, "a refused key is judged anew"


def test_two_at_once_under_one_key_make_one_record(office):
    import concurrent.futures

    body = json.dumps(PERSON | {"name": "同时"})
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: send(office, body, idempotency_key="at-once"), range(6)))
    for answer in answers:
        assert answer.status_code in (201, 409)
        assert answer.status_code == 201 or answer.headers["retry-after"] == "1"
    assert send(office, body, idempotency_key="at-once").headers["idempotent-replayed"] == "true"
    assert sum(p["name"] == "同时" for p in office.read("/people", limit=200)["items"]) == 1


@pytest.mark.parametrize("depth", [45, 300, 500, 900])
def test_a_bottomless_body_is_400(office, depth):
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        body = f'{{"name":{opening * depth}1{closing * depth}}}'
        assert problem(send(office, body), 400)["code"] == "too-deep"
        shallow = f'{{"name":{opening * 20}1{closing * 20}}}'
        problem(send(office, shallow), 422)


def test_a_cursor_beyond_any_number_is_422(office, shared_township):
    for key in ("9" * 30, str(2**63), "-1"):
        cursor = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
        problem(office.get(f"/ledger/{shared_township.code}/entries", cursor=cursor), 422)
    cursor = base64.urlsafe_b64encode(str(2**40).encode()).decode().rstrip("=")
    assert office.read(f"/ledger/{shared_township.code}/entries", cursor=cursor)["items"] == []


def test_a_date_in_a_query_is_an_iso_date(office):
    for bad in ("0", "1488326400", "2017-3-1", "２０１７-03-01"):
        found = problem(office.get("/visits", visited_on=bad), 422)
        assert found["errors"][0]["pointer"] == "query:visited_on"
    assert office.read("/visits", visited_on="2017-03-01")["items"] == []


@pytest.mark.parametrize("starts", ["0001-01-01", "1879-12-31", "2200-01-01", "9999-12-31"])
def test_a_date_outside_every_register_is_422(office, shared_township, starts):
    person = office.made("/people", PERSON)["id"]
    base = {"person_id": person, "office": "assessor", "place": shared_township.code}
    found = problem(office.post("/appointments", base | {"starts": starts}), 422)
    assert found["errors"][0]["pointer"] == "/starts" and "1880" in found["errors"][0]["message"]
    assert office.post("/appointments", base | {"starts": "2199-12-31"}).status_code == 201


def test_the_clock_cannot_be_moved_where_no_date_lies(shared_township):
    moments = ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2200-01-01T00:00:00Z", "2017-03-01T00:00:00")
    for moment in moments:
        problem(shared_township.admin.post("/clock", {"now": moment}), 422)
    shared_township.at("2016-11-09")
    assert shared_township.admin.read("/me")["today"] == "2016-11-09"


@pytest.mark.parametrize("nul", [b"%00", b"\x00"])
def test_a_nul_in_a_form_is_422(office, nul):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for path, form in (
        ("/v1/oauth/token", b"grant_type=password&password=xxxxxxxxxx&username=411421701/a"),
        ("/v1/oauth/revoke", b"token=411421701.x"),
    ):
        problem(office.client.post(path, content=form + nul, headers=headers), 422)
        assert office.client.post(path, content=form, headers=headers).status_code in (200, 400)


@pytest.mark.parametrize("place", ["411421701２０１", "٤١١٤٢١٧٠١"])
def test_codes_and_months_are_written_in_ascii_digits(office, shared_township, place):
    person = office.made("/people", PERSON)["id"]
    base = {"person_id": person, "office": "village_principal", "starts": "2017-01-01"}
    assert problem(office.post("/appointments", base | {"place": place}), 422)["errors"][0]["pointer"] == "/place"
    assert shared_township.appoint(person, base["office"], shared_township.village)
    for month in ("２０１６-12", "2016-１2"):
        assert problem(office.post("/inspection-rounds", {"month": month}), 422)["errors"][0]["pointer"] == "/month"


def test_no_fact_of_a_refusal_takes_the_place_of_its_status_or_code():
    class Odd(Conflict):
        """Odd.

        怪。
        """

    told = json.loads(render("en", Odd(status="moved_out", code="x", title="y", household_status="moved_out")).body)
    assert (told["status"], told["code"], told["title"]) == (409, "odd", "Odd.")
    assert told["household_status"] == "moved_out", "other facts are told"


def test_a_pointer_is_made_only_where_one_is_told(monkeypatch):
    """A long key above many values costs what it is long, once, and is told in part."""
    made = []
    joined = problems._joined
    monkeypatch.setattr(problems, "_joined", lambda path: made.append(path) or joined(path))
    key = "~" * 100_000
    problems.judge({key: [0, {"a": "b"}] * 1000})
    assert not made
    with pytest.raises(BadText) as caught:
        problems.judge({key: [0, {"a": "\x00"}]})
    assert len(made) == 1, "control"
    assert caught.value.pointer == "/" + "~0" * SHOWN + "/1/a"


def test_who_shows_no_token_sends_no_long_body(office):
    """He hears so at once; a body as long as any other's is read first, as it is of whoever signs in."""
    url = office.client.base_url

    def begun(path, token=""):
        with socket.create_connection((url.host, url.port), 20) as connection:
            head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{token}"
            connection.sendall(f"{head}content-length: 60000\r\n\r\n{{".encode())
            connection.settimeout(1)
            try:
                return connection.recv(4096).decode().split("\r\n")[0]
            except TimeoutError:
                return "it waits"

    assert " 401 " in begun("/v1/sync")
    assert begun("/v1/sync", f"authorization: {office.client.headers['authorization']}\r\n") == "it waits", "control"


@pytest.mark.parametrize("path", ["/v1/imports%0a?kind=roster", "/v1/people%0a", "/v1/people%0D", "/v1/people%7f"])
def test_an_address_holds_no_control_character(office, path):
    """A router may pass over a line feed at the end, and what is expected of a door must be known by its address."""
    assert problem(send(office, b"{}", path), 422)["code"] == "bad-text"
    assert problem(office.client.get(path.partition("?")[0]), 422)["code"] == "bad-text"


def test_of_many_wrong_members_so_many_are_told(office):
    body = json.dumps(PERSON | {f"unknown{n}": 1 for n in range(1000)})
    assert len(problem(send(office, body), 422)["errors"]) == problems.TOLD
    assert len(problem(send(office, json.dumps({**PERSON, "a": 1, "b": 1})), 422)["errors"]) == 2


def test_a_name_given_twice_among_thousands_is_told_in_part(office):
    names = "&".join(f"n{n}=1" for n in range(3000))
    told = problem(office.client.get(f"/v1/people?{names}&{'x' * 500}=1&{'x' * 500}=2"), 422)
    assert told["code"] == "repeated-parameter" and told["errors"][0]["pointer"] == f"query:{'x' * SHOWN}"


@pytest.mark.parametrize("hidden", ["\u061c", "\u200e", "\u202e", "\u2067", "\ufffe"])
@pytest.mark.parametrize("where", ["", "王", "王五"])
def test_a_text_holds_nothing_that_turns_it_around_unseen(office, hidden, where):
    """It could never be printed, and who reads it would read something else."""
    errors = problem(send(office, json.dumps(PERSON | {"name": f"{where}{hidden}五"})), 422)["errors"]
    assert errors[0]["pointer"] == "/name"
    with pytest.raises(rules.TextUnfit):
        rules.prose(f"{where}{hidden}五")


def test_the_document_is_sent_once_to_whoever_has_it(office):
    first = office.client.get("/openapi.json")
    again = office.client.get("/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert office.client.get("/openapi.json", headers={"if-none-match": '"another"'}).content == first.content


@pytest.mark.parametrize("blank", ["\u200b", "\u2060", "\ufeff", "\u3000"])
def test_a_name_leaves_something_on_paper(office, blank):
    problem(send(office, json.dumps(PERSON | {"name": blank * 3})), 422)
    assert send(office, json.dumps(PERSON | {"name": f"王{blank}五"})).status_code == 201
