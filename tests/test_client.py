"""Does the client of Python say what the document says, and does it keep its promises against the real service?"""

import asyncio
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import get_args
from uuid import uuid4

import httpx
import pytest
from huayuan_client import AsyncHuayuan, Call, Huayuan, Listing, Problem, api, models

from app.contract import operations
from openapi.client import PACKAGE, written
from tests.test_docs import blocks

ROOT = Path(__file__).parent.parent
DOCUMENT = json.loads((ROOT / "openapi" / "openapi.json").read_text("utf-8"))
PERSON = {"name": "王五", "category": "organ_cadre", "party_membership": "member"}


def test_the_client_is_what_the_document_makes():
    made = written(DOCUMENT)
    assert {name: (PACKAGE / name).read_text("utf-8") for name in made} == made, "run `make openapi`"
    edited = json.loads(json.dumps(DOCUMENT))
    edited["components"]["schemas"]["PersonOut"]["properties"]["name"] = {"type": "integer"}
    assert written(edited)["models.py"] != made["models.py"], "the comparison can fail"


def test_every_operation_has_its_function_and_makes_its_call():
    for path, method, operation in operations(DOCUMENT):
        made = getattr(api, operation["operationId"])
        values = {name: name for name in made.__annotations__ if name != "return"}
        values |= {"record": {"id": "id", "version": "version"}} if "record" in values else {}
        call = made(**values)
        assert (call.method, call.path) == (method.upper(), path.replace("{", "").replace("}", ""))
        assert call.query == {p["name"]: p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
        headers = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "header"}
        assert call.version == ("version" if "if-match" in headers else None)
        assert call.signed is bool(operation["security"])
        assert isinstance(call, Listing) is made.__annotations__["return"].startswith("Listing")


def signed_in(service, township, **more):
    """The administrator, whose password is his own."""
    return Huayuan(service.address, username=f"{township.code}/admin", password="correct horse battery", **more)


class Breaking(httpx.HTTPTransport):
    """A line on which the first answer to every change is lost on the way back."""

    def __init__(self):
        super().__init__()
        self.lost, self.sent = set(), []

    def handle_request(self, request):
        answer = super().handle_request(request)
        self.sent.append(request)
        key = request.headers.get("idempotency-key")
        if key and key not in self.lost:
            self.lost.add(key)
            answer.read()
            raise httpx.ReadError("lost", request=request)
        return answer


def test_a_lost_answer_is_asked_for_again_under_the_same_key_and_nothing_is_done_twice(service, township):
    with httpx.Client(transport=(line := Breaking())) as http:
        admin = signed_in(service, township, http=http)
        answer = admin.send(api.people_create(PERSON))
        assert answer.replayed and answer.status == 201
        assert answer.entry.startswith(f"{township.code}/")
        keys = [r.headers["idempotency-key"] for r in line.sent if r.url.path == "/v1/people"]
        assert len(keys) == 2 and len(set(keys)) == 1
        assert [p["id"] for p in admin.all(api.people_list())].count(answer.body["id"]) == 1


def test_a_change_names_the_version_seen_and_a_refusal_is_a_problem_with_its_code(service, township):
    with signed_in(service, township, language="en") as admin:
        made = admin(api.people_create(PERSON))
        changed = admin.send(api.people_patch(made, {"name": "王六"}))
        assert (changed.body["name"], changed.version) == ("王六", '"2"')
        with pytest.raises(Problem) as refusal:
            admin(api.people_patch(made, {"name": "王七"}))
        assert (refusal.value.status, refusal.value.code) == (412, "version-stale")
        with pytest.raises(Problem) as refusal:
            admin(Call("POST", "/v1/people", body={"name": ""}))
        assert refusal.value.errors[0]["pointer"] == "/name"
        assert "/name" in str(refusal.value)


def test_a_list_is_gone_through_page_by_page(service, township):
    with signed_in(service, township) as admin:
        made = {admin(api.people_create(PERSON | {"id": None}))["id"] for _ in range(5)}
        listed = [person["id"] for person in admin.all(api.people_list(limit=2))]
        assert made <= set(listed) and len(listed) == len(set(listed))


def test_a_token_that_no_longer_holds_is_renewed_by_the_refresh_token(service, township):
    with signed_in(service, township) as admin:
        admin(api.me_read())
        first = admin._refresh
        admin._token = admin._token[:-8] + "AAAAAAAA"
        assert admin(api.me_read())["township_code"] == township.code
        assert admin._refresh not in {"", first}, "rotated"
        admin._token, admin._refresh = "gone", "revoked-" + "x" * 30
        assert admin(api.me_read())["township_code"] == township.code, "then by the credentials"


def test_wrong_credentials_are_a_problem_and_not_tried_for_ever(service, township):
    line = Breaking()
    with httpx.Client(transport=line) as http:
        nobody = Huayuan(service.address, username=f"{township.code}/admin", password="wrong horse battery", http=http)
        with pytest.raises(Problem, match="invalid_grant"):
            nobody(api.me_read())
    assert len(line.sent) == 1


def test_many_at_once_sign_in_once(service, township):
    seen = []

    async def noted(request):
        seen.append(request.url.path)

    async def ask():
        async with httpx.AsyncClient(event_hooks={"request": [noted]}) as http:
            login = {"username": f"{township.code}/admin", "password": "correct horse battery"}
            admin = AsyncHuayuan(service.address, http=http, **login)
            people = await asyncio.gather(*(admin(api.people_create(PERSON)) for _ in range(8)))
            listed = [person["id"] async for person in admin.all(api.people_list(limit=3))]
            return {p["id"] for p in people} <= set(listed)

    assert asyncio.run(ask())
    assert seen.count("/v1/oauth/token") == 1


def test_the_feed_is_followed_page_after_page_as_any_list(service, township, county):
    """And it has no end: where nothing more happened the next page is asked for."""
    township.office("leading_group_office").made("/people", PERSON)
    login, secret = f"c{uuid4().hex[:12]}", "three grey herons at dusk"
    county.made("/clients", {"login": login, "secret": secret, "scopes": ["read", "events"]})
    with Huayuan(service.address, client_id=f"411421/{login}", client_secret=secret) as system:
        entries = list(islice(system.all(api.events_list(limit=2)), 7))
    assert len({(e["log"], e["seq"]) for e in entries}) == 7


def test_a_sheet_of_either_kind_is_handed_in(service, township):
    office = township.office("leading_group_office")
    call = api.imports_create("姓名,人员类别\r\n李建国,机关干部\r\n".encode(), kind="roster", media="text/csv")
    query = {name: value for name, value in call.query.items() if value is not None}
    answer = office.client.post(call.path, params=query, content=call.body, headers={"content-type": call.media})
    assert answer.json()["good"] == 1


def test_another_media_type_comes_as_bytes_and_public_things_need_no_sign_in(service):
    with Huayuan(service.address) as anybody:
        assert anybody(api.workflows_read("signoff").raw("image/svg+xml")).startswith(b"<svg")
        assert {flow["name"] for flow in anybody.all(api.workflows_list())} >= {"signoff", "case"}


def test_what_stands_in_a_path_is_quoted():
    assert api.people_read("a?b#c d").path == "/v1/people/a%3Fb%23c%20d"


def test_the_name_of_a_type_is_the_type_where_an_annotation_is_evaluated():
    assert get_args(models.Execute)[0] is models.TownshipNoticeOutput
    assert models.Crime | None


@pytest.mark.parametrize("page", ["client/README.md", "docs/quickstart.md"])
def test_what_the_pages_show_passes_a_strict_check(tmp_path, page):
    (code,) = blocks((ROOT / page).read_text("utf-8"), "python")
    (tmp_path / "shown.py").write_text(code, "utf-8")
    done = strict(tmp_path / "shown.py")
    assert done.returncode == 0, done.stdout


def strict(file: Path) -> subprocess.CompletedProcess[str]:
    """mypy, as an integrator would have it."""
    words = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), str(file)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_types_are_checked(tmp_path):
    """By mypy, as an integrator would: four lines are wrong in one place, the others right."""
    (tmp_path / "use.py").write_text(
        "from huayuan_client import Huayuan, api, models\n"
        "county = Huayuan('http://127.0.0.1')\n"
        "name: str = county(api.people_read('x'))['name']\n"
        "number: int = county(api.people_read('x'))['name']\n"
        "county(api.people_create({'name': 'x', 'category': 'emperor', 'party_membership': 'member'}))\n"
        "county(api.people_patch('x', {'name': 'y'}))\n"
        "[h['nonsense'] for h in county.all(api.helpers_list())]\n"
        "found: models.PersonOut | None = county(api.people_read('x'))\n"
        "found = county(api.people_patch(county(api.people_read('x')), {'name': 'y'}))\n",
        "utf-8",
    )
    done = strict(tmp_path / "use.py")
    wrong = [int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line]
    assert wrong == [4, 5, 6, 7], done.stdout


def test_it_can_be_installed_alone(tmp_path):
    words = [
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        str(tmp_path / "there"),
    ]
    subprocess.run([sys.executable, "-m", "pip", *words, str(ROOT / "client")], check=True, capture_output=True)
    there = [path.name for path in (tmp_path / "there" / "huayuan_client").iterdir()]
    assert {"api.py", "models.py", "client.py", "py.typed"} <= set(there)
    code = "import sys, huayuan_client; print(*sorted(m.split('.')[0] for m in sys.modules if m.startswith('app')))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "there", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "", "without the service"
