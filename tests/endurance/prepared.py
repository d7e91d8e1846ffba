"""What does a contract run find? Records in every state, and for every operation an occasion to succeed.

Everything is made over HTTP, by the helpers of the features' own tests. An occasion is what an integrator's test
would prepare: a record that stands where the operation is possible, who is to call it, and the references and
choices that fit this record. What else a request says is generated.
"""

import asyncio
from collections import defaultdict
from typing import Any
from uuid import UUID, uuid4

import psycopg

from app.access import Bearer, Tokens
from app.accounts.actions import adopt
from app.actor import Office
from app.events.actions import Position
from app.imports.rules import AT_ONCE
from app.inspections.actions import mark_township
from app.intake.rules import REQUIRED, Kind, called
from app.places.actions import load_divisions
from app.settings import Settings
from app.vault import Vault
from app.workflow import WORKFLOWS
from tests.attachments import test_routes as files
from tests.conftest import Accountability, Caller, Service, Township
from tests.endurance.machine import HOURS
from tests.evaluations.test_routes import SUBMIT, Year
from tests.imports.offices import as_csv, handed_in
from tests.inspections import test_routes as checks
from tests.longsheets.test_actions import work
from tests.objections.test_routes import WORDS, Dispute
from tests.scores.test_routes import ASSESSED, opened, pair
from tests.serving import SECRET
from tests.signoffs.conftest import STATEMENT, Village, citizen_id

TODAY = "2017-12-20"
HOOK = "https://county.example/huayuan"
TWICE = range(2)
"""Every occasion stands twice, for a generated request may miss the first."""
TOWNSHIPS = frozenset(Office) - {Office.COUNTY_AUDITOR, Office.COUNTY_SYSTEM}
IN_A_VILLAGE = {
    Office.VILLAGE_PRINCIPAL, Office.LIAISON_LEADER, Office.VILLAGE_COMMITTEE_HEAD, Office.VILLAGE_COMMITTEE_MEMBER,
    Office.GROUP_CADRE,
}  # fmt: skip


def officer(place: Township) -> Caller:
    """Somebody who holds every office of the township at once."""
    person = place.person("全职")
    for office in sorted(TOWNSHIPS):
        place.appoint(person, office, place.village if office in IN_A_VILLAGE else place.code)
    return place.account(person)


class Prepared:
    """The township, its neighbour in another county, and the occasions by operation."""

    def __init__(self, service: Service, place: Township, neighbour: Township) -> None:
        self.service, self.place, self.neighbour = service, place, neighbour
        settings = Settings(database_url=service.database_url, secret=SECRET, access_token_seconds=HOURS)
        self._tokens, self._homes = Tokens(settings, Vault(settings.master_secret)), dict[str, str]()
        self.elsewhere = list[Caller]()
        self.occasions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.officer, self.stranger = officer(place), officer(neighbour)
        self.office = place.office("leading_group_office")
        load_divisions(service.database_url, place.county)
        asyncio.run(
            adopt(service.database_url, service.app.state.vault, place.county, "县管理员", "county", "correct horse")
        )
        self._given_up()
        self._people()
        self._duties()
        self._months()
        self._quarters()
        self._sign_offs()
        self._accountability()
        self._year_end()
        place.at(TODAY)
        self._attachments()
        self._imports()

    def can(self, operation: str, record: str = "", caller: Caller | None = None, **body: Any) -> None:
        """An occasion: on `record`, a path, by `caller` (who holds every office, unless said), with these members."""
        parts = record.strip("/").split("/")
        path = dict(zip(("id", "member_id"), parts[1::2], strict=False))
        self.occasions[operation].append({"path": path, "query": {}, "as": self.token(caller), "body": body})

    def token(self, caller: Caller | None = None) -> str:
        """What signs a caller in at every process for hours."""
        caller = caller or self.officer
        if caller.account_id is None:
            me = caller.read("/me")
            caller.account_id = me["account_id"]
            self._homes[caller.account_id] = me["township_code"]
        home = self._homes.get(caller.account_id, self.place.code)
        return f"Bearer {self._tokens.issue(Bearer(UUID(caller.account_id), home[:6], home))}"

    # ── files ──

    def _given_up(self) -> None:
        """An upload of October with which nobody goes on."""
        self.place.at("2017-10-01")
        files.begun(self.officer, files.photo(100))

    def _attachments(self) -> None:
        service = self.service
        for _ in TWICE:
            large = files.begun(self.officer, files.photo(3 * files.rules.PART))
            self.can("attachments_send_part", large)
            self.occasions["attachments_send_part"][-1]["query"] = {"offset": 100}
            whole = files.begun(self.officer, files.photo(100))
            files.send(self.officer, whole, files.photo(100))
            self.can("attachments_complete", whole)
            self.can("attachments_content", files.stored(self.officer, files.photo(100)))
            self.can("attachments_create", household_id=None, person_id=None, confidential=False, id=None)
        storage = service.app.state.storage
        asyncio.run(files.actions.sweep(service.database_url, service.app.state.vault, storage, self.place.code))

    def _imports(self) -> None:
        """Sheets in every state, and of each kind one that has its columns and no row."""
        self.sheets = {kind: as_csv([called(of) for of in REQUIRED[kind]]).decode() for kind in Kind}
        roster = as_csv(["姓名", "人员类别"], ["王小五", "机关干部"])
        for _ in TWICE:
            self.can("imports_create")
            for move in ("carry-out", "cancel"):
                made = handed_in(self.office, roster, "roster", mode="independent")
                self.can(f"imports_{move.replace('-', '_')}", f"/imports/{made['id']}")
        handed_in(self.office, roster, "roster", dry_run=False)
        cancelled = handed_in(self.office, roster, "roster")
        self.office.act(f"/imports/{cancelled['id']}", "cancel")
        long = as_csv(["姓名", "人员类别"], *[["", "机关干部"]] * (AT_ONCE + 1))
        handed_in(self.office, long, "roster", mode="independent", dry_run=False)
        work(self.place, seconds=0.001)  # it is read, and will be imported
        handed_in(self.office, long, "roster", mode="independent")

    # ── registers ──

    def _people(self) -> None:
        place, office = self.place, self.office
        place.at("2017-12-05")
        people = place.admin
        unit = people.made("/units", {"name": "乡财政所"})["id"]
        self.can("units_create", name="乡农业服务中心")
        for _ in TWICE:
            person = place.person("被查询人", citizen_id=citizen_id("19700101"), unit_id=unit)
            self.can("people_disclose", f"/people/{person}")
            self.can("people_patch", f"/people/{person}", unit_id=unit)
            self.can("people_create", unit_id=unit)
            account = place.account(person)
            for operation in ("accounts_disable", "accounts_reset"):
                self.can(operation, f"/accounts/{account.account_id}")
            self.can("accounts_bind", f"/accounts/{account.account_id}", subject=account.account_id)
            own = place.account(place.person("改密人"))
            self.can("me_password", caller=own, current="correct horse battery")
            self.can("accounts_create", person_id=place.person("新账号"))
            held = place.appoint(place.person("离任人"), "assessor")
            self.can("appointments_end", f"/appointments/{held['id']}", ends="2017-12-31")
            new = {"person_id": place.person("新任"), "office": "assessor", "place": place.code, "starts": "2018-01-01"}
            self.can("appointments_create", **new, ends=None)
            self.can("sync_push", operations=[])
            self.can("clock_set", now=f"{TODAY}T09:00:00+08:00")
            self.can("villages_create", code=f"{place.code}{299 - len(self.occasions['villages_create'])}")
            household, helper = place.helped()
            self.can("households_create", village_code=place.village, listed_on="2017-01-01")
            self.can("households_patch", f"/households/{household}")
            self.can("households_add_member", f"/households/{household}", relation="sibling", id=None)
            village = Village(place, f"{place.code}{210 + len(self.occasions['households_patch'])}")
            child = f"/households/{village.household}/members/{village.child}"
            self.can("households_disclose_member", child)
            self.can("households_member_leaves", child, left_on="2017-12-01")
            for kind in ("moved_out", "delisted"):
                confirmers = [place.person("证一"), place.person("证二")]
                event = {"kind": kind, "happened_on": "2017-12-01", "confirmer_ids": confirmers}
                self.can("households_record_event", f"/households/{village.household}", **event,
                         related_household_ids=[], id=None)  # fmt: skip
            alone, _ = place.helped()
            beside = place.person("共同帮扶人")
            place.appoint(beside, "helper")
            starts = {"household_id": alone, "helper_id": beside, "is_primary": False, "starts": "2017-12-20"}
            self.can("pairings_create", **starts, ends=None)
            ending, heir = [place.helped() for _ in TWICE], place.office("helper", name="接任人")
            for operation, (home, _), more in (
                ("pairings_end", ending[0], {"ends": "2017-12-31"}),
                ("pairings_hand_over", ending[1], {"helper_id": heir.person_id, "starts": "2017-12-31"}),
            ):
                (pairing,) = office.read("/pairings", household_id=home)["items"]
                self.can(operation, f"/pairings/{pairing['id']}", **more)
            self._work(household, helper)
        self.can("clients_create", caller=self._county(), id=None)
        self._exchange()
        self.can("villages_patch", f"/villages/{people.made('/villages', NEW_VILLAGE(place))['id']}")

    def _exchange(self) -> None:
        county, place = self._county(), self.place.county
        cursor = Position(place, {self.place.code: 1}).cursor
        for _ in TWICE:
            self.can("webhooks_create", caller=county, url=HOOK, id=None, cursor=cursor)
            told, off = (county.made("/webhooks", {"url": HOOK})["id"] for _ in TWICE)
            county.act(f"/webhooks/{off}", "disable")
            self.can("webhooks_enable", f"/webhooks/{off}", county)
            for operation in ("webhooks_read", "webhooks_deliveries", "webhooks_rotate_secret", "webhooks_patch"):
                self.can(operation, f"/webhooks/{told}", county, **({"url": HOOK} if operation[-1] == "h" else {}))
            self.can("webhooks_replay", f"/webhooks/{told}", county, cursor=cursor)
            self.can("webhooks_replay_delivery", f"/webhooks/{told}/deliveries/{self._delivery(place, told)}", county)
            self.can("webhooks_disable", f"/webhooks/{county.made('/webhooks', {'url': HOOK})['id']}", county)

    def _delivery(self, county: str, webhook: str) -> str:
        """One that a worker would have noted, had the address been one."""
        with psycopg.connect(self.service.database_url) as connection:
            noted = (
                "insert into webhook_deliveries (county_code, township_code, id, webhook_id, log, seq, event, state,"
                " attempts, first_at, last_at, status, ms) values (%s, %s, uuidv7(), %s, %s, 0, 'unit.created',"
                " 'delivered', 1, now(), now(), 200, 1) returning id"
            )
            (id_,) = connection.execute(noted, [county, county, webhook, self.place.code]).fetchone() or ()
        return str(id_)

    def _county(self) -> Caller:
        with psycopg.connect(self.service.database_url) as connection:
            query = "select id from accounts where township_code = %s"
            (account,) = connection.execute(query, [self.place.county]).fetchone() or ()
        return self.service.caller(Bearer(account, self.place.county, self.place.county))

    def _work(self, household: str, helper: Caller) -> None:
        visit = {"household_id": household, "device_time": "2017-12-01T09:00:00+08:00"}
        self.can("visits_create", caller=helper, **visit, id=None)
        made = helper.made("/visits", visit | {"place": "家中", "text": "走访"})
        self.can("visits_correct", f"/visits/{made['id']}", helper)
        plan = {"household_id": household, "kind": "assistance_plan", "year": 2017, "text": "一户一策"}
        self.can("plans_create", caller=helper, household_id=household, year=2018, kind="assistance_plan", id=None)
        measures = [{"text": f"措施{n}", "due_on": "2017-12-31"} for n in range(6)]
        rows = [f"/plan-measures/{m['id']}" for m in helper.made("/plans", plan | {"measures": measures})["measures"]]
        self.can("plan_measures_start", rows[0], helper)
        self.can("plan_measures_complete", rows[1], helper, done_on="2017-12-01")
        self.can("plan_measures_drop", rows[2], helper)
        helper.act(rows[3], "start")
        helper.act(rows[4], "drop", {"reason": "缺场地"})
        helper.act(rows[5], "complete", {"done_on": "2017-12-01", "result": "已完成"})
        shown = {"village_code": self.place.village, "shown_from": "2017-12-01"}
        self.can("publications_create", **shown, due_on=None, requirement_id=None, id=None)
        words = {"kind": "poor_households", "title": "名单公示", "place": "公示栏"}
        for _ in TWICE:
            made = self.office.made("/publications", shown | words)
            path = f"/publications/{made['id']}"
            self.can("publications_take_down", path, shown_to="2017-12-04")
        self.office.act(path, "take-down", {"shown_to": "2017-12-04"})

    def _duties(self) -> None:
        place, office = self.place, self.place.office("party_gov_office")
        self.can("requirements_create", applies_from="2018-01-01", applies_to=None, id=None)
        self.can("rubrics_create", id=None, criteria=[RUBRIC])
        for _ in TWICE:
            helper = place.office("helper", name=f"参会人{uuid4()}"[:20])
            meetings = [
                office.made("/meetings", {"title": "推进会", "place": "会议室", "begins_at": when,
                                          "required": True, "invitee_ids": [helper.person_id]})
                for when in ("2017-12-06T09:00:00+08:00", *["2017-12-28T09:00:00+08:00"] * 4)
            ]  # fmt: skip
            told = {"entries": [{"person_id": helper.person_id, "attendance": "attended"}]}
            self.can("meetings_attendance", f"/meetings/{meetings[0]['id']}", **told)
            rows = [
                f"/meeting-invitations/{helper.read('/meeting-invitations', meeting_id=m['id'])['items'][0]['id']}"
                for m in meetings
            ]
            self.can("meeting_invitations_request_leave", rows[1], helper)
            for row, move in zip(rows[2:], ("approve-leave", "refuse-leave", ""), strict=True):
                helper.act(row, "request-leave", {"reason": "住院"})
                if move:
                    self.can(f"meeting_invitations_{move.replace('-', '_')}", row)
            self.office.act(rows[4], "approve-leave" if helper.person_id else "refuse-leave")
            helper.act(rows[0], "request-leave", {"reason": "住院"})
            office.act(rows[0], "refuse-leave", {"reason": "会议不可缺席"})
            invited = {"invitee_ids": [helper.person_id], "required": True, "requirement_id": None}
            self.can("meetings_create", **invited, begins_at="2017-12-29T09:00:00+08:00", id=None)
            self.can(
                "form_tasks_create", due_on="2017-12-31", helper_ids=[helper.person_id], requirement_id=None, id=None
            )
            task = office.made("/form-tasks", {"title": "收入核算表", "text": "按户填写", "due_on": "2017-12-31"})
            self.can("form_tasks_submit", f"/form-tasks/{task['id']}", helper, id=None)
            forms = [
                f"/form-submissions/{helper.made(f'''/form-tasks/{task['id']}/submissions''', {'text': '已填'})['id']}"
                for _ in range(4)
            ]
            self.can("form_submissions_accept", forms[0])
            self.can("form_submissions_return", forms[1], irregular=True)
            office.act(forms[2], "accept", {})
            office.act(forms[3], "return", {"irregular": True, "incomplete": False, "note": "重填"})

    # ── months, quarters ──

    def _months(self) -> None:
        place = self.place
        for month in ("2017-03", "2017-04"):  # drawn: one with its checks open, one with them done
            path = checks.drawn(place, month)
            rows = [f"/inspections/{row['id']}" for row in checks.checks(place, path)]
            if month == "2017-04":
                for row in rows:
                    place.office("assessor").act(row, "not-checked", {"reason": "住院治疗"})
                self.can("inspection_rounds_close", path, place.office("leading_group_office"))
                closed = checks.drawn(place, "2017-05")
                for at, row in enumerate(checks.checks(place, closed)):
                    self._checked(f"/inspections/{row['id']}", "2017-05-08", bool(at % 2))
                place.office("leading_group_office").act(closed, "close", {})
            else:
                extra = [place.helped()[1].person_id for _ in range(8)]
                for helper in extra[:2]:
                    self.can("inspections_create", round_id=path[-36:], helper_id=helper, id=None)
                body = {"round_id": path[-36:], "reason": "群众反映较多"}
                more = [
                    f"/inspections/{self.office.made('/inspections', body | {'helper_id': h})['id']}" for h in extra[2:]
                ]
                for row in more[:2]:
                    team = [{"person_id": place.person("考核员"), "interest": "none"} for _ in TWICE]
                    self.can("inspections_assign_team", row, inspectors=team)
                for row in more[2:4]:
                    self.can("inspections_not_checked", row)
                for row in more[4:]:
                    self.can("inspections_record", row, **self._found("2017-12-10"))
        for month in ("2017-06", "2017-07"):
            self.can("inspection_rounds_reveal", checks.committed(place, month), **checks.VALUES, late_reason="补抽")
        self._nonce()
        place.at("2017-12-06")
        asyncio.run(mark_township(self.service.database_url, self.service.app.state.vault, place.code))
        missed = place.office("leading_group_office").read("/inspection-rounds", state="missed", limit=50)["items"]
        announced = checks.announce("2017-12-28") | {"late_reason": "补抽", "recusals": [], "assignment": None}
        for one in missed[:2]:
            self.can("inspection_rounds_propose_commit", f"/inspection-rounds/{one['id']}", **announced)
        for one in missed[2:4]:
            path = f"/inspection-rounds/{one['id']}"
            place.office("leading_group_office").act(path, "propose-commit", announced)
            self.can("inspection_rounds_confirm_commit", path, place.office("party_gov_office"))
        path = "/inspection-rounds/" + self.office.made("/inspection-rounds", {"month": "2017-12"})["id"]
        self.can("inspection_rounds_propose_commit", path, **announced)

    def _nonce(self) -> None:
        """A committed round whose public source is yet to come: in the month that runs."""
        proposal = checks.announce("2017-12-28")
        digest = checks.sha256(b"abcd").hexdigest()
        proposal["sources"].insert(0, checks.OWN | {"digest": digest, "due": "2017-12-27T09:00:00+08:00"})
        for at in TWICE:
            away = Township(self.service, f"{self.place.county}{730 + at}")
            away.at("2017-12-06")
            path = checks.planned(away, "2017-12")
            away.office(checks.LGO).act(path, "propose-commit", proposal)
            organiser = away.office(checks.PGO)
            organiser.act(path, "confirm-commit", {})
            self._homes[organiser.account_id or ""] = away.code
            self.can("inspection_rounds_open_nonce", path, organiser, name=checks.OWN["name"], value="abcd")

    def _found(self, day: str) -> dict[str, Any]:
        return checks.found(self.place, day) | {"interviews": [], "problems": [], "further": []}

    def _checked(self, row: str, day: str, found: bool) -> None:
        assessor = self.place.office("assessor")
        if found:
            assessor.act(row, "record", self._found(day))
        else:
            assessor.act(row, "not-checked", {"reason": "住院治疗"})
        self.can("inspections_correct", row, not_checked={"reason": "住院治疗"}, recorded=None)

    def _quarters(self) -> None:
        place = self.place
        assessor = place.office("assessor")
        for quarter in ("2017-Q1", "2017-Q2", "2017-Q3"):
            place.at(f"2017-{int(quarter[-1]) * 3:02}-20")
            path, rows = opened(assessor, quarter)
            scores = [f"/quarterly-scores/{row['id']}" for row in rows]
            if quarter == "2017-Q1":
                for row in scores[:2]:
                    self.can("quarterly_scores_assess", row, **ASSESSED)
                for row in scores[2:4]:
                    self.can("quarterly_scores_not_assessed", row)
                late = place.person("补录")
                pair(place, late, "2017-01-01")
                self.can("quarterly_scores_create", round_id=path[-36:], helper_id=late, id=None)
                continue
            for at, row in enumerate(scores):
                move, body = ("assess", ASSESSED) if at % 2 else ("not-assessed", {"reason": "住院"})
                assessor.act(row, move, body)
                self.can("quarterly_scores_correct", row, not_assessed={"reason": "住院"}, assessed=None)
            if quarter == "2017-Q3":
                assessor.act(path, "summarise", {"narrative": "汇总"})
                self.can("quarterly_rounds_report", path)
                self.can("quarterly_rounds_summary", path)
        place.at("2016-12-20")
        path, rows = opened(assessor, "2016-Q4")
        for row in rows:
            assessor.act(f"/quarterly-scores/{row['id']}", "not-assessed", {"reason": "住院"})
        assessor.act(path, "summarise", {"narrative": "汇总"})
        assessor.act(path, "report", {})
        self.can("quarterly_rounds_create", quarter="2017-Q4", rubric_id=None, id=None)

    # ── exits ──

    def _sign_offs(self) -> None:
        villages = [Village(self.place, f"{self.place.code}{220 + n}") for n in range(22)]
        states = iter(villages)
        for _ in TWICE:
            fresh = next(states)
            self.can("signoffs_create", household_id=fresh.household, year=2017, id=None)
            for operation, times in (("signoffs_sign", 0), ("signoffs_object", 1), ("signoffs_refuse", 0)):
                v = next(states)
                path = v.signed(v.opened(), times)
                caller, body = v.signers()[times]
                choices = {**dict.fromkeys(FORM), **body}
                self.can(operation, path, caller, **choices)
            v = next(states)
            path = v.signed(v.opened(), 2)
            self.can("signoffs_restate", path, statement=STATEMENT | {"income_fen": 1 + len(path)})
            v = next(states)
            self.can("signoffs_issue_code", v.opened(), v.office, member_id=v.son, agent_id=None,
                     handed_by=v.office.person_id)  # fmt: skip
            v = next(states)
            v.office.act(path := v.opened(), "refuse", v.by_household() | {"reason": "收入未算清"})
            self.can("signoffs_forward", path, v.group)
            v = next(states)
            self.can("signoffs_collect", v.signed(v.opened(), 4), v.group)
            v = next(states)
            v.group.act(path := v.signed(v.opened(), 4), "collect", {})
            self.can("signoffs_review", path, v.committee)
            v = next(states)
            former, path = v.helper, v.signed(v.opened(), 3)
            (pairing,) = v.office.read("/pairings", household_id=v.household)["items"]
            body = {"helper_id": v.stranger.person_id, "starts": "2017-07-01", "reason": "轮换"}
            v.office.act(f"/pairings/{pairing['id']}", "hand-over", body)
            self.can("signoffs_remark", path, former, kind="predecessor_statement", id=None)
            v = next(states)
            self._conflict(v)
        self._ended()

    def _conflict(self, v: Village) -> None:
        """The helper is the village's liaison leader too: a substitute, or the committee's acknowledgement."""
        path = v.opened()
        self.place.appoint(v.helper.person_id or "", "liaison_leader", v.code)
        substitute = self.place.office("party_gov_office").person_id
        self.can("signoffs_name_substitute", path, v.group, party="liaison_leader", person_id=substitute)
        self.can("signoffs_acknowledge_conflict", path, v.committee, person_id=v.helper.person_id)

    def _ended(self) -> None:
        """One reviewed and one considered unconfirmed, which no occasion needs."""
        for code in (260, 261, 262):
            v = Village(self.place, f"{self.place.code}{code}")
            path = v.opened()
            if code == 260:
                v.group.act(v.signed(path, 4), "collect", {})
                v.committee.act(path, "review", {"note": "同意"})
                continue
            v.office.act(path, "refuse", v.by_household() | {"reason": "收入未算清"})
            v.group.act(path, "forward", {"reason": "该户拒签"})
            if code == 261:
                v.committee.act(path, "review", {})

    # ── accountability ──

    def _accountability(self) -> None:
        world = Accountability(self.place)
        self.place.at(TODAY)
        committee, commission = world.committee, world.commission
        for _ in TWICE:
            subject = {"person_id": world.cadre().person_id}
            about = {"source": "office", "fact_on": "2017-03-15", "description": "敷衍"}
            self.can("findings_create", subject=subject, **about, suggested_grounds=[], household_id=None, id=None)
            for operation in ("findings_confirm", "findings_dismiss", ""):
                made = committee.made("/findings", about | {"subject": subject})
                path = f"/findings/{made['id']}"
                if not operation:
                    commission.act(path, "dismiss", {"reasons": "不属实"})
                    continue
                grounds = {"ground": "HY.9.2.2", "alternatives": []} if operation.endswith("confirm") else {}
                self.can(operation, path, commission, **grounds, **dict.fromkeys(EVIDENCE if grounds else ()))
            found = self._found_of(world)
            self.can("cases_create", caller=committee, finding_ids=[found], organ="party_committee", basis="HY.9.2.2",
                     capacity="helper", routing_reason=None, elements=None, id=None)  # fmt: skip
            self._cases(world)
            self._disputes(world)

    def _found_of(self, world: Accountability, ground: str = "HY.9.2.2") -> str:
        return world.finding({"person_id": world.cadre().person_id}, ground)

    def _case(self, world: Accountability, ground: str = "HY.9.2.2") -> str:
        return world.case(self._found_of(world, ground), basis=ground)

    def _cases(self, world: Accountability) -> None:
        committee = world.committee
        self.can("cases_present_facts", self._case(world), committee)
        heard = [world.heard(self._case(world)) for _ in range(6)]
        self.can("cases_record_statement", heard[0], committee)
        self.can("cases_decide", heard[1], committee, measure="written_self_criticism", discipline_kind="party",
                 crime_assessment=None, same_facts_reason=None)  # fmt: skip
        self.can("cases_no_measure", heard[2], committee)
        self.can("cases_transfer", heard[3], committee, crime_assessment="suspected")
        self.can("cases_refer", heard[4], committee)
        committee.act(heard[5], "refer", {"to": "县纪委", "cited_rule": "规定", "reasons": "权限"})
        self.can("cases_record_outcome", heard[5], committee, conclusion="resume", crime_assessment=None)
        decided = [self._case(world) for _ in TWICE]
        for path in decided:
            world.decided(path, "written_self_criticism")
        criticism = {"output": "self_criticism", "received_on": TODAY}
        self.can("cases_execute", decided[0], committee, **criticism)
        notice = {"output": "township_notice", "notice_id": self._published(world, decided[1])}
        committee.act(decided[1], "execute", criticism | {"summary": "检查深刻"})
        committee.act(decided[1], "execute", notice)
        self.can("cases_close", decided[1], committee)
        done = self._case(world)
        world.decided(done, "written_self_criticism")
        committee.act(done, "execute", criticism | {"summary": "检查深刻"})
        ended = self._case(world)
        world.decided(ended, "written_self_criticism")
        committee.act(ended, "execute", criticism | {"summary": "检查深刻"})
        committee.act(ended, "execute", {"output": "township_notice", "notice_id": self._published(world, ended)})
        committee.act(ended, "close", {})
        committee.act(self._case(world), "no-measure", {"reasons": "情节轻微"})
        committee.act(self._case(world), "transfer", {"to": "县检", "reasons": "涉嫌", "crime_assessment": "suspected"})
        committee.act(self._case(world), "refer", {"to": "县纪委", "cited_rule": "规定", "reasons": "权限"})
        self.can("cases_hand_over", self._transferred(world), committee)
        self._papers(world, ended)
        deputy = self.place.office("party_committee", name="副职")
        self.can("cases_recuse", self._case(world), committee, person_id=committee.person_id,
                 substitute_id=deputy.person_id, id=None)  # fmt: skip

    def _papers(self, world: Accountability, noticed: str) -> None:
        """A talk on record, a notice that was published; sheets and quarters are there in any number."""
        subject = {"person_id": world.cadre("village_committee_head").person_id}
        finding = world.finding(subject, "HY.9.3.1")
        talked = world.case(finding, basis="HY.9.3.1", capacity="village_body_head")
        world.decided(talked, "admonition_talk")
        words = dict.fromkeys(("held_by", "reason_told", "explanation", "corrections_required"), "如实记载")
        world.committee.act(talked, "execute", words | {"output": "talk_record", "held_on": TODAY})
        for _ in TWICE:
            self.can("cases_talk_record", talked, world.committee)
            self.can("notices_document", self._notice(world, noticed))

    def _transferred(self, world: Accountability) -> str:
        """A case at the judiciary, under a checkpoint that was signed since."""
        case = self._case(world)
        transfer = {"to": "县人民检察院", "reasons": "涉嫌犯罪", "crime_assessment": "suspected"}
        world.committee.act(case, "transfer", transfer)
        assert self.place.admin.post(f"/ledger/{self.place.code}/checkpoint").status_code == 200
        return case

    def _notice(self, world: Accountability, case: str) -> str:
        (notice,) = world.committee.read("/notices", case_id=case[-36:])["items"]
        return f"/notices/{notice['id']}"

    def _published(self, world: Accountability, case: str) -> str:
        world.committee.act(path := self._notice(world, case), "publish", WORDS)
        return path[-36:]

    def _disputes(self, world: Accountability) -> None:
        words = {"channel": "document", "ends_on": None}
        for operation in ("publish", "correct", "withdraw", "", "corrected", "withdrawn"):
            dispute = Dispute(world)
            path, reviewer = self._notice(world, dispute.case), dispute.reviewer
            if operation == "publish":
                self.can("notices_publish", path, world.committee, **words)
                continue
            world.committee.act(path, "publish", WORDS)
            if operation in ("correct", "withdraw"):
                if operation == "withdraw":
                    accepted = dispute.accepted()
                    reviewer.act(accepted, "decide", {"outcome": "revoked", "reasons": "事实不清"})
                self.can(f"notices_{operation}", path, world.committee, **words)
            elif operation == "corrected":
                world.committee.act(path, "correct", WORDS | {"reasons": "日期有误"})
            elif operation == "withdrawn":
                reviewer.act(dispute.accepted(), "decide", {"outcome": "revoked", "reasons": "事实不清"})
                (due,) = dispute.notices(kind="correction")
                world.committee.act(f"/notices/{due['id']}", "publish", WORDS)
        for operation in ("create", "accept", "decide", "withdraw", "upheld", "modified", "withdrawn"):
            dispute = Dispute(world, "HY.9.2.2", "HY.9.1.3")
            if operation == "create":
                self.can("objections_create", caller=dispute.subject, case_id=dispute.case[-36:], id=None)
            elif operation == "accept":
                self.can("objections_accept", dispute.filed(), dispute.reviewer)
            elif operation == "decide":
                upheld = {"outcome": "upheld", "ground": None, "dropped_finding_ids": []}
                self.can("objections_decide", dispute.accepted(), dispute.reviewer, **upheld)
            elif operation == "withdraw":
                self.can("objections_withdraw", dispute.accepted(), dispute.subject)
            elif operation == "withdrawn":
                dispute.subject.act(dispute.filed(), "withdraw", {})
            else:
                body = {"outcome": operation, "reasons": "研究"}
                body |= {"dropped_finding_ids": [dispute.findings[1]]} if operation == "modified" else {}
                dispute.reviewer.act(dispute.accepted(), "decide", body)

    # ── the year's end ──

    def _year_end(self) -> None:
        place = self.place
        year = Year(place)
        helpers = [year.helper(f"年度{n}") for n in range(8)]
        opened = year.open()
        for action, body in SUBMIT:
            year.group.act(opened, action, body)
        for at, helper in enumerate(helpers):
            path = year.of(helper)
            if at < 2:
                self.can("annual_evaluations_propose", path, year.group)
                continue
            year.group.act(path, "propose", {})
            said = {"outcome": "not_applicable", "submission_id": opened[-36:]}
            if at < 4:
                continue
            year.committee.act(path, "determine", said | {"reasons": "属实", "results_considered": "已研究"})
            if at < 6:
                self.can("annual_evaluations_reopen", path, year.committee)
            else:
                year.committee.act(path, "reopen", {"reason": "复核"})
        for name in ("后来一", "后来二"):
            self.can("annual_evaluations_create", helper_id=place.person(name), year=2017, id=None)
        self._submissions(year)
        self._packaged()
        signed = {"grant_type": "password", "username": f"{place.code}/admin", "password": "correct horse battery"}
        others = dict.fromkeys(("client_id", "client_secret", "refresh_token", "scope"))
        self.can("oauth_token", **signed, **others)
        self.can("policies_patch", value=3, effective_from="2018-01-01")
        self.occasions["policies_patch"][-1]["path"] = {"key": "team.minMembers"}
        ledger = {"rulebook_code": "HUAYUAN-2016", "article": "10", "policy_key": None, "replaces_id": None, "id": None}
        self.can("interpretations_create", caller=year.group, **ledger, applies_from="2017-12-20")
        said = {"basis": "HY.9.1.1", "capacity": "helper", "fact_date": "2017-03-15"}
        self.can(
            "rulebooks_assess", **said, **{name: [] for name in ("categories", "elements", "measures_for_same_facts")}
        )

    def _submissions(self, year: Year) -> None:
        """Those of 2016 in three more townships, for a year has but one: open, reviewed, summed up."""
        year.group.made("/year-end-submissions", {"year": 2016})
        moves = [move for move, _ in SUBMIT]
        for at, move in enumerate(moves):
            there = Township(self.service, f"{self.place.county}{710 + at}")
            there.at(TODAY)
            group = there.office("leading_group")
            self._homes[group.account_id or ""] = there.code
            self.elsewhere.append(group)
            path = "/year-end-submissions/" + group.made("/year-end-submissions", {"year": 2017})["id"]
            for action, body in SUBMIT[:at]:
                group.act(path, action, body)
            self.can(f"year_end_submissions_{move}", path, group)
            self.can("year_end_submissions_create", caller=group, year=2016, id=None)
            self._determined()
            assessor = there.office("assessor")
            self._homes[assessor.account_id or ""] = there.code
            self.can("quarterly_rounds_summarise", opened(assessor)[0], assessor)
            office = there.office("leading_group_office")
            self._homes[office.account_id or ""] = there.code
            self.can("inspection_rounds_create", caller=office, month="2017-12", id=None)

    def _packaged(self) -> None:
        """A year that was summed up, under a checkpoint, in a township where nothing happens since."""
        away = Township(self.service, f"{self.place.county}740")
        year = Year(away)
        opened = year.open()
        for action, body in SUBMIT:
            year.group.act(opened, action, body)
        assert away.admin.post(f"/ledger/{away.code}/checkpoint").status_code == 200
        self._homes[year.group.account_id or ""] = away.code
        for _ in TWICE:
            self.can("year_end_submissions_package", opened, year.group)

    def _determined(self) -> None:
        """In a township of its own, for a proposal is out of date once anything it rests on has changed."""
        away = Township(self.service, f"{self.place.county}{720 + len(self.elsewhere)}")
        year = Year(away)
        helper, opened = year.helper(), year.open()
        for action, body in SUBMIT:
            year.group.act(opened, action, body)
        year.group.act(year.of(helper), "propose", {})
        self._homes[year.committee.account_id or ""] = away.code
        choices = {"outcome": "not_applicable", "submission_id": opened[-36:]}
        self.can("annual_evaluations_determine", year.of(helper), year.committee, **choices)

    def told(self, address: str, tally: str, seed: int) -> dict[str, Any]:
        """What `integrator` is told of all this, as JSON."""
        listed = ("accounts", "appointments", *sorted({p.split("/")[0] for p in LISTED}))
        pool = {name: [i["id"] for i in self.officer.read(f"/{name}", limit=200)["items"]] for name in listed}
        callers = [self.officer, self.stranger, self.place.admin, *self.place._callers.values()]
        protected = [c.account_id for c in callers if c.account_id]
        people = {c.person_id for c in callers if c.person_id}
        held = [a for person in sorted(people) for a in self.officer.read("/appointments", person_id=person)["items"]]
        protected += [a["id"] for a in held]
        names = {
            "policies.key": [p["key"] for p in self.officer.read("/policies", limit=200)["items"]],
            "rulebooks.code": ["HUAYUAN-2016"], "divisions.code": ["411421"], "workflows.name": sorted(WORKFLOWS),
            "ledger.log": [self.place.code],
        }  # fmt: skip
        return {
            "address": address, "tally": tally, "seed": seed, "pool": pool, "names": names, "protected": protected,
            "occasions": self.occasions, "officer": self.token(), "village": self.place.village,
            "now": f"{TODAY}T09:00:00+08:00", "sheets": self.sheets,
        }  # fmt: skip

    def states(self) -> dict[str, set[str]]:
        """By workflow, the states in which the township has a record now."""
        found: dict[str, set[str]] = {}
        for flow in WORKFLOWS.values():
            listed = [c.read(f"/{flow.resource}", limit=200)["items"] for c in (self.officer, *self.elsewhere)]
            found[flow.name] = {item["state"] for items in listed for item in items}
        return found


LISTED = [
    *sorted(flow.resource for flow in WORKFLOWS.values()), "form-tasks", "helpers", "households", "interpretations",
    "meetings", "people", "plans", "requirements", "rubrics", "townships", "units", "villages", "visits",
]  # fmt: skip
FORM = ("party", "method", "member_id", "agent_id", "capacity", "relation", "authority", "witness_id", "code")
EVIDENCE = ("requirement_id", "form_task_id", "meeting_id")
RUBRIC = {"code": "forms", "title": "表册", "maximum": 10_000, "deductions": []}


def NEW_VILLAGE(place: Township) -> dict[str, Any]:
    return {"code": f"{place.code}298", "name": "新村"}
