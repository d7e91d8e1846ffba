"""What does somebody read whose time is over? His own work, never what became of the household since (G16, G18)."""

import psycopg

from tests.conftest import Caller, Township
from tests.signoffs.conftest import STATEMENT

VISIT = {"device_time": "2016-12-05T10:00:00+08:00", "place": "户内", "text": "商量来年计划"}
LEFT = "2017-02-01"


class Served:
    """A helper's work with one household from 9 November 2016, and all that hangs on the household."""

    def __init__(self, township: Township) -> None:
        self.township = township
        self.office = township.office("leading_group_office")
        self.household, self.helper = township.helped()
        township.at("2016-12-10")
        make = self.helper.made
        self.visit = make("/visits", VISIT | {"household_id": self.household})["id"]
        plan = {"household_id": self.household, "kind": "assistance_plan", "year": 2017, "text": "养羊", "measures": []}
        plan["measures"] = [{"text": "买羊", "due_on": "2017-06-30"}]
        made = make("/plans", plan)
        self.plan, self.measure = made["id"], made["measures"][0]["id"]
        (self.pairing,) = (p["id"] for p in self.office.read("/pairings", household_id=self.household)["items"])

    def current(self) -> list[str]:
        """What tells of the household as it is now."""
        home = f"/households/{self.household}"
        return [home, f"{home}/ledger", f"/plan-measures/{self.measure}", f"{home}/events"]

    def own(self) -> list[str]:
        """What he did himself."""
        return [
            f"/visits/{self.visit}", f"/plans/{self.plan}", f"/pairings/{self.pairing}",
            f"/helpers/{self.helper.person_id}/ledger",
        ]  # fmt: skip

    def replaced(self) -> Caller:
        """From 1 February 2017 somebody else helps."""
        person = self.township.person("周接手")
        self.township.appoint(person, "helper")
        body = {"helper_id": person, "starts": LEFT, "reason": "调动"}
        self.township.at("2017-01-20")
        self.office.act(f"/pairings/{self.pairing}", "hand-over", body)
        return self.township.account(person)


def statuses(caller: Caller, paths: list[str]) -> set[int]:
    return {caller.get(path).status_code for path in paths}


def listed(caller: Caller, served: Served) -> set[str]:
    """Ids of the household's records that lists still give."""
    kinds = ("households", "plan-measures")
    return {item["id"] for kind in kinds for item in caller.read(f"/{kind}")["items"]}


def test_G18_a_former_helper_reads_his_own_work_and_not_the_household(township: Township) -> None:
    served = Served(township)
    assert statuses(served.helper, served.current() + served.own()) == {200}
    successor = served.replaced()
    assert statuses(served.helper, served.current()) == {200}, "until the day itself it is his"
    assert statuses(successor, served.current()) == {404}, "and not the successor's before"
    township.at(LEFT)
    assert statuses(served.helper, served.current()) == {404}
    assert statuses(served.helper, served.own()) == {200}
    assert listed(served.helper, served) == set()
    assert statuses(successor, [*served.current(), *served.own()[:2]]) == {200}
    assert listed(successor, served) == {served.household, served.measure}


def test_G16_who_left_the_helpers_office_reads_no_household_either(township: Township) -> None:
    """Though his pairing was never ended."""
    served = Served(township)
    (held,) = served.office.read("/appointments", person_id=served.helper.person_id)["items"]
    served.office.act(f"/appointments/{held['id']}", "end", {"ends": LEFT})
    township.at(LEFT)
    assert statuses(served.helper, served.current()[:3]) == {404}
    assert statuses(served.helper, served.own()) == {200}


def test_a_former_helper_changes_nothing_of_the_household(township: Township) -> None:
    served = Served(township)
    served.replaced()
    township.at(LEFT)
    gone = served.helper.post(f"/plan-measures/{served.measure}/start", {}, if_match='"1"')
    plan = {"household_id": served.household, "kind": "assistance_plan", "year": 2017, "text": "再养羊", "measures": []}
    assert (gone.status_code, served.helper.post("/plans", plan).status_code) == (404, 404)


def test_G18_a_visit_of_his_time_is_handed_in_later(township: Township) -> None:
    """A phone comes home weeks after; a visit of a later day, or to another's household, is none of his."""
    served = Served(township)
    elsewhere, _ = township.helped("别家帮扶人")
    served.replaced()
    township.at("2017-02-08")
    body = VISIT | {"household_id": served.household, "device_time": "2017-01-30T10:00:00+08:00"}
    made = served.helper.made("/visits", body)
    assert (made["visited_on"], made["received_later"]) == ("2017-01-30", True)
    late = served.helper.post("/visits", body | {"device_time": "2017-02-03T10:00:00+08:00"})
    assert (late.status_code, late.json()["code"]) == (409, "not-paired-that-day")
    assert served.helper.post("/visits", body | {"household_id": elsewhere}).status_code == 404


def test_G18_the_signoff_of_his_year_stays_his_to_read(township: Township) -> None:
    served = Served(township)
    body = {"household_id": served.household, "year": 2016, "statement": STATEMENT}
    path = f"/signoffs/{served.office.made('/signoffs', body)['id']}"
    served.replaced()
    township.at(LEFT)
    assert statuses(served.helper, [path]) == {200}
    stranger = township.office("helper", name="旁人")
    assert statuses(stranger, [path]) == {404}


def test_a_village_officer_reads_his_village_as_long_as_he_is_in_office(township: Township) -> None:
    served = Served(township)
    principal = township.office("village_principal", place=township.village)
    assert statuses(principal, served.current()) == {200}
    (held,) = served.office.read("/appointments", person_id=principal.person_id)["items"]
    served.office.act(f"/appointments/{held['id']}", "end", {"ends": LEFT})
    township.at(LEFT)
    assert statuses(principal, served.current()[:3]) == {404}
    assert listed(principal, served) == set()


def test_the_pairings_own_days_decide(township: Township) -> None:
    """On the day a pairing starts it opens the household, on the day it ends no more."""
    served = Served(township)
    reads = {}
    with psycopg.connect(township.service.database_url, autocommit=True) as sql:
        change = "update pairings set starts = '2017-03-10', ends = '2017-03-20' where id = %s"
        sql.execute(change, [served.pairing])
    for day in ("2017-03-09", "2017-03-10", "2017-03-19", "2017-03-20"):
        township.at(day)
        reads[day[-2:]] = served.helper.get(served.current()[0]).status_code
    assert reads == {"09": 404, "10": 200, "19": 200, "20": 404}


def test_the_retry_of_a_create_asks_whether_its_record_is_still_readable(township: Township) -> None:
    """What the first answer told is told again only to whom the record would be told."""
    clerk = township.office("leading_group_office")
    body = {
        "card_number": "R-1", "village_code": township.village, "head_name": "赵大山", "main_cause": "illness",
        "listed_on": "2016-01-01",
    }  # fmt: skip
    first = clerk.post("/households", body, idempotency_key="first")
    again = clerk.post("/households", body, idempotency_key="first")
    assert (again.status_code, again.text) == (201, first.text) and again.headers["idempotent-replayed"] == "true"
    (held,) = township.admin.read("/appointments", person_id=clerk.person_id)["items"]
    township.admin.act(f"/appointments/{held['id']}", "end", {"ends": "2016-11-09"})
    later = clerk.post("/households", body, idempotency_key="first")
    assert (later.status_code, later.json()["code"]) == (404, "not-found")
    assert clerk.get(f"/households/{first.json()['id']}").status_code == 404
