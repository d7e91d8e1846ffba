"""How does a household leave poverty? Four signatures in order, and everything that may come between.

In December 2016 some sign as the first; in December 2017 every household that is still on the register.
"""

from typing import Literal

from huayuan_client import api, models

from app.demo.desk import everyone
from app.demo.people import TOWNSHIP, Household, Person
from app.demo.town import MARK, Town, on

RULE = "演示:县定贫困退出标准"


REFUSED, REFUSED_RESTATED, OBJECTED = "helper-30", "helper-31", "helper-32"
THUMBPRINT, CODE, RESTATED = "helper-33", "helper-34", "helper-35"
HEAD_DIED, GUARDIAN, FELL_BACK = "helper-36", "helper-37", "helper-38"
MOVED_OUT, DIED_OUT, STILL_POOR = "helper-39", "helper-40", "helper-41"
TWO_ROLES = "principal-03"
"""In the story of each of them stands the first household he helps."""
REPLACED, SUCCESSOR = "helper-10", "successor"
EARLY = 12
"""Every how-manieth household signs in December 2016 already."""


def first_of(town: Town, key: str) -> Household:
    return town.register.helped_by(key)[0]


def widowed(town: Town) -> Household:
    """The first household of its helper with a spouse, who signs after the head's death."""
    return next(h for h in town.register.helped_by(HEAD_DIED) if any(m.relation == "spouse" for m in h.members))


def sign_early(town: Town) -> list[Household]:
    households = [h for h in town.register.households if h.number % EARLY == 0 and h.helper != TWO_ROLES]
    return sorted({h.number: h for h in [*households, first_of(town, FELL_BACK)]}.values(), key=lambda h: h.number)


def sign_in_2017(town: Town) -> list[Household]:
    return [h for h in town.register.households if h.number not in town.closed]


# ── what befalls households and their helpers ────────────────────────────────────────────────────

Befallen = Literal["moved_out", "deceased_all", "returned_to_poverty"]


@on("2017-05-15 16:00")
async def move_out(town: Town) -> None:
    """一户整户迁出"""
    await _life_event(town, first_of(town, MOVED_OUT), "moved_out", "2017-05-12", "户口迁移证明")


@on("2017-07-18")
async def die_out(town: Town) -> None:
    """一户整户死亡"""
    await _life_event(town, first_of(town, DIED_OUT), "deceased_all", "2017-07-15", "死亡证明")


@on("2017-09-15")
async def fall_back(town: Town) -> None:
    """一户2016年脱贫后返贫"""
    await _life_event(town, first_of(town, FELL_BACK), "returned_to_poverty", "2017-09-14", "重病住院,收入核算记录")


async def _life_event(town: Town, household: Household, kind: Befallen, day: str, evidence: str) -> None:
    confirmers = [town.register.at("village_principal", household.village).id, town.person("assessor-1").id]
    await town.desk("leading-group-office-1").ask(api.households_record_event(household.id, {
        "kind": kind, "happened_on": day, "evidence": f"{MARK}:{evidence}", "confirmer_ids": confirmers,
    }))  # fmt: skip
    if kind != "returned_to_poverty":
        town.closed.add(household.number)


@on("2017-10-20")
async def head_dies(town: Town) -> None:
    """一户户主去世,家庭仍在册"""
    household, office = widowed(town), town.desk("leading-group-office-1")
    seen = await office.ask(api.households_read(household.id))
    left: models.MemberLeaves = {"left_on": "2017-10-18", "reason": "deceased"}
    await office.act(seen, api.households_member_leaves, household.head.id, left)


@on("2017-07-01")
async def replace_helper(town: Town) -> None:
    """更换一名帮扶责任人,逐户交接"""
    office, new = town.desk("leading-group-office-1"), town.person(SUCCESSOR)
    await town.admin.ask(api.appointments_create({
        "person_id": new.id, "office": "helper", "place": TOWNSHIP, "starts": "2017-07-01",
    }))  # fmt: skip
    for household in town.register.helped_by(REPLACED):
        await office.act(town.pairings[household.number], api.pairings_hand_over, {
            "helper_id": new.id, "starts": "2017-07-01", "reason": f"{MARK}:工作调动",
        })  # fmt: skip
        household.helper = SUCCESSOR
    (held,) = await town.admin.all(api.appointments_list(person_id=town.person(REPLACED).id, office="helper"))
    await town.admin.act(held, api.appointments_end, {"ends": "2017-07-01"})


# ── the four signatures ──────────────────────────────────────────────────────────────────────────


@on("2016-12-05", "2017-12-04")
async def state(town: Town) -> None:
    """拟定脱贫确认内容"""
    year = town.today.year
    households = sign_early(town) if year == 2016 else sign_in_2017(town)
    made = await everyone(_open(town, household, year) for household in households)
    town.signoffs[year] = {h.number: record for h, record in zip(households, made, strict=True)}


async def _open(town: Town, household: Household, year: int) -> models.SignoffOut:
    out = not (year == 2017 and household in (first_of(town, FELL_BACK), first_of(town, STILL_POOR)))
    return await town.desk(household.helper).ask(api.signoffs_create({
        "household_id": household.id, "year": year, "statement": statement(out=out),
    }))  # fmt: skip


def statement(*, out: bool, income: int = 412_300) -> models.StatementIn:
    return {
        "out_of_poverty": out, "outside_rule": RULE, "measures": ["林下养殖", "公益岗位"], "income_fen": income,
        "checks": {"food_and_clothing": True, "housing": True, "schooling": True, "medical_care": out},
    }  # fmt: skip


def _signoffs(town: Town) -> list[tuple[Household, models.SignoffOut]]:
    known = town.signoffs[town.today.year]
    return [(h, known[h.number]) for h in town.register.households if h.number in known]


@on("2017-12-05")
async def try_to_sign_for_others(town: Town) -> None:
    """帮扶责任人代签、村主要负责人越序签字,均被拒绝"""
    household = first_of(town, "helper-01")
    record = town.signoffs[2017][household.number]
    for_head = api.signoffs_sign(record, by_head(town, household))
    await town.desk("helper-01").refused(for_head, "helper-may-not-record")
    principal = town.desk(town.register.at("village_principal", household.village))
    early = api.signoffs_sign(record, {"party": "village_principal", "method": "account"})
    await principal.refused(early, "not-in-order")
    own = api.signoffs_sign(record, {**by_head(town, household), "witness_id": town.person("helper-01").id})
    await town.desk(_recorder(town, household)).refused(own, "helper-may-not-witness")


@on("2016-12-08", "2017-12-06")
async def households_sign(town: Town) -> None:
    """帮扶对象逐户签字(见证人在场)"""
    await everyone(_household_signs(town, household, record) for household, record in _signoffs(town))


def _recorder(town: Town, household: Household) -> Person:
    return town.register.at("village_committee_head", household.village)


def by_head(town: Town, household: Household) -> models.Sign:
    """The head's own signature before a witness of the assessment team."""
    return {
        "party": "household", "method": "in_person", "member_id": household.head.id, "capacity": "head",
        "witness_id": town.person("assessor-2").id,
    }  # fmt: skip


async def _household_signs(town: Town, household: Household, record: models.SignoffOut) -> None:
    recorder, body = town.desk(_recorder(town, household)), by_head(town, household)
    special = town.today.year == 2017
    if special and household == first_of(town, REFUSED):
        await recorder.act(record, api.signoffs_refuse, {**body, "reason": f"{MARK}:认为尚未达到脱贫标准"})
    elif special and household == first_of(town, REFUSED_RESTATED):
        await recorder.act(record, api.signoffs_refuse, {**body, "reason": f"{MARK}:收入核算漏计医药费"})
    elif special and household == first_of(town, OBJECTED):
        await recorder.act(record, api.signoffs_object, {**body, "text": f"{MARK}:危房改造补助尚未到账"})
    elif special and household == first_of(town, THUMBPRINT):
        await recorder.act(record, api.signoffs_sign, {**body, "method": "thumbprint"})
    elif special and household == first_of(town, CODE):
        await _sign_with_code(town, household, record)
    elif special and household == widowed(town):
        spouse = next(m for m in household.members if m.relation == "spouse")
        body |= {"member_id": spouse.id, "capacity": "member", "relation": "配偶"}
        await recorder.act(record, api.signoffs_sign, body)
    elif special and household == first_of(town, GUARDIAN):
        body |= {"agent_id": town.person("group-1").id, "capacity": "guardian", "relation": "监护人"}
        del body["member_id"]
        await recorder.act(record, api.signoffs_sign, {**body, "authority": f"{MARK}:乡扶贫办档案2017-12"})
    else:
        await recorder.act(record, api.signoffs_sign, body)


async def _sign_with_code(town: Town, household: Household, record: models.SignoffOut) -> None:
    """The office hands a single-use code to the head; it works once and never through the helper."""
    office, recorder = town.desk("leading-group-office-1"), _recorder(town, household)
    to: models.IssueCode = {"member_id": household.head.id, "handed_by": town.helper_of(household).id}
    await office.refused(api.signoffs_issue_code(record, to), "code-through-helper")
    to["handed_by"] = town.person("assessor-3").id
    code = (await office.ask(api.signoffs_issue_code(record, to)))["code"]
    seen = await office.ask(api.signoffs_read(record["id"]))  # the answer with the code does not show it
    record.update(seen)
    await town.desk(recorder).act(record, api.signoffs_sign, {
        "party": "household", "method": "code", "member_id": household.head.id, "capacity": "head", "code": code,
    })  # fmt: skip


@on("2017-12-06 11:00")
async def try_what_is_forbidden(town: Town) -> None:
    """他人不得签字,未确认的不得审核"""
    household = first_of(town, "helper-01")
    record = town.signoffs[2017][household.number]
    leader = town.register.at("liaison_leader", household.village)
    account = api.signoffs_sign(record, {"party": "liaison_leader", "method": "account"})
    await town.desk(leader).refused(account, "not-the-signatory")
    strange = api.signoffs_sign(record, {"party": "helper", "method": "account"})
    await town.desk("helper-02").refused(strange, "not-found")
    refused = town.signoffs[2017][first_of(town, REFUSED).number]
    await town.desk("party-committee-1").refused(api.signoffs_review(refused, {}), "wrong-state")


@on("2017-12-07")
async def settle_refusals(town: Town) -> None:
    """一户拒签后重新核算并重新拟定,一户拒签后未确认上报"""
    household = first_of(town, REFUSED_RESTATED)
    record = town.signoffs[2017][household.number]
    await town.desk("leading-group-office-1").act(record, api.signoffs_restate, {
        "statement": statement(out=True, income=398_000), "reason": f"{MARK}:补计医药费后重新核算",
    })  # fmt: skip
    await town.desk(_recorder(town, household)).act(record, api.signoffs_sign, by_head(town, household))
    refused = town.signoffs[2017][first_of(town, REFUSED).number]
    await town.desk("leading-group-1").act(refused, api.signoffs_forward, {"reason": f"{MARK}:本人坚持不签,如实上报"})


@on("2017-12-07 15:00")
async def resolve_two_roles(town: Town) -> None:
    """村主要负责人兼任帮扶责任人:领导小组指定替代签字人"""
    record = town.signoffs[2017][first_of(town, TWO_ROLES).number]
    await town.desk("leading-group-1").act(record, api.signoffs_name_substitute, {
        "party": "helper", "person_id": town.person("helper-01").id, "reason": f"{MARK}:同一人兼任两方",
    })  # fmt: skip


def _living(town: Town, state: str) -> list[tuple[Household, models.SignoffOut]]:
    return [(h, r) for h, r in _signoffs(town) if r["state"] == state]


@on("2016-12-12 09:30", "2017-12-08")
async def helpers_sign(town: Town) -> None:
    """帮扶责任人签字"""
    await everyone(
        town.desk("helper-01" if h.helper == TWO_ROLES else h.helper).act(
            record, api.signoffs_sign, {"party": "helper", "method": "account"}
        )
        for h, record in _living(town, "household_signed")
    )


@on("2017-12-08 16:00")
async def restate_one(town: Town) -> None:
    """一户内容更正,已有签字作废后重新签字"""
    household = first_of(town, RESTATED)
    record = town.signoffs[2017][household.number]
    await town.desk("leading-group-office-1").act(record, api.signoffs_restate, {
        "statement": statement(out=True, income=405_000), "reason": f"{MARK}:收入重新核算",
    })  # fmt: skip
    await town.desk(_recorder(town, household)).act(record, api.signoffs_sign, by_head(town, household))
    await town.desk(household.helper).act(record, api.signoffs_sign, {"party": "helper", "method": "account"})


@on("2016-12-14", "2017-12-11")
async def principals_sign(town: Town) -> None:
    """村主要负责人签字"""
    await everyone(
        town.desk(town.register.at("village_principal", h.village)).act(
            record, api.signoffs_sign, {"party": "village_principal", "method": "account"}
        )
        for h, record in _living(town, "helper_signed")
    )


@on("2016-12-16", "2017-12-13")
async def leaders_sign(town: Town) -> None:
    """乡联系领导签字"""
    await everyone(
        town.desk(town.register.at("liaison_leader", h.village)).act(
            record, api.signoffs_sign, {"party": "liaison_leader", "method": "account"}
        )
        for h, record in _living(town, "village_signed")
    )


@on("2016-12-19", "2017-12-18")
async def collect(town: Town) -> None:
    """领导小组统一汇总"""
    group = town.desk("leading-group-1")
    await everyone(group.act(record, api.signoffs_collect, {}) for _, record in _living(town, "leader_signed"))


@on("2016-12-22", "2017-12-20")
async def review(town: Town) -> None:
    """乡党委审核"""
    committee = town.desk("party-committee-1")
    waiting = [*_living(town, "collected"), *_living(town, "forwarded_unconfirmed")]
    await everyone(committee.act(record, api.signoffs_review, {"note": f"{MARK}:审核"}) for _, record in waiting)
