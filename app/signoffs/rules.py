"""What is lawful in a sign-off? Four signatures, one by one, over one hashed statement (article 5).

Signatories, in the order of article 5: the household 帮扶对象, its helper 帮扶责任人, the village
principal 村主要负责人, the liaison leader 乡联系领导. Where the regulation is silent the defaults
G17, G18, G20 to G24, G56 and G61 hold. Nobody signs for another: that is itself
a ground of accountability (HY.9.3.2).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.actor import Actor, Office
from app.codes import PARTIES
from app.refusal import Conflict, Forbidden, Invalid, Refusal, WrongState
from app.workflow import Move, Workflow


class Party(StrEnum):
    """The four who sign, in the order of article 5."""

    HOUSEHOLD = "household"  # 帮扶对象
    HELPER = "helper"  # 帮扶责任人
    VILLAGE_PRINCIPAL = "village_principal"  # 村主要负责人
    LIAISON_LEADER = "liaison_leader"  # 乡联系领导


ORDER = tuple(Party)
"""Article 5: 帮扶对象 → 帮扶责任人 → 村主要负责人 → 乡联系领导, one by one (G23)."""

DUE = {
    "open": Party.HOUSEHOLD,
    "household_signed": Party.HELPER,
    "helper_signed": Party.VILLAGE_PRINCIPAL,
    "village_signed": Party.LIAISON_LEADER,
}
"""Whose signature a sign-off in this state waits for."""

SIGNED = dict(zip(DUE, [*list(DUE)[1:], "leader_signed"], strict=True))
"""From each state that waits for a signature, the state that signature leads to."""


class Kind(StrEnum):
    """What a party put on record."""

    SIGNED = "signed"  # 签字确认
    OBJECTED = "objected"  # 签字并附不同意见
    REFUSED = "refused"  # 拒签


class Method(StrEnum):
    """How a party signed."""

    IN_PERSON = "in_person"  # 当面签字
    THUMBPRINT = "thumbprint"  # 捺指印
    CODE = "code"  # 一次性签字码
    ACCOUNT = "account"  # 本人账号


class Remark(StrEnum):
    """What somebody who is none of the four puts beside their signatures; it confirms and stops nothing."""

    CO_SIGNATURE = "co_signature"  # 其他帮扶人附签(G17)
    PREDECESSOR_STATEMENT = "predecessor_statement"  # 前任帮扶责任人说明(G18)


HOUSEHOLD_METHODS = frozenset({Method.IN_PERSON, Method.THUMBPRINT, Method.CODE})
"""A household has no account; an office holder signs with no other thing than his own account."""


class Capacity(StrEnum):
    """As what a person signs for the household."""

    HEAD = "head"  # 户主
    MEMBER = "member"  # 家庭成员(G20)
    GUARDIAN = "guardian"  # 监护人
    AGENT = "agent"  # 受托人


BY_AUTHORITY = frozenset({Capacity.GUARDIAN, Capacity.AGENT})
"""Capacities that need a written authority on file (G22)."""

ADULT_AGE = 18
"""Years; who is younger is signed for by a guardian (G20, G22)."""

CODE_DAYS = 7
"""How long a household's single-use code is good for, in days (local policy)."""


# ---- refusals ------------------------------------------------------------------------------------


class HouseholdOffTheRegister(Conflict):
    """The household is no longer on the register: it stands on a line of its own, and nothing is signed for it.

    该户已不在册,单独列示,不再签字确认。
    """

    article = "G19"


class NotInOrder(Conflict):
    """The four sign one by one, in the order of article 5; another party is due.

    四方须按第五条顺序逐一签字,现应由另一方签字。
    """

    article = "5"


class NotTheSignatory(Forbidden):
    """Only the person who holds the role that is due may sign now, each for himself and in the order of article 5.

    现只能由轮到的一方本人签字;各方按第五条顺序由本人签,不得代签。
    """

    article = "HY.9.3.2"

    def detail(self, language: str) -> str | None:
        party = self.facts.get("party")
        if party is None:
            return None
        if language == "en":
            return f"Only the {party.replace('_', ' ')} may sign now, each for himself and in the order of article 5."
        return f"现应由{PARTIES[party]}本人签字;各方按第五条顺序由本人签,不得代签。"


class NobodyHoldsTheRole(Conflict):
    """Nobody holds this role today, so nobody can sign; it has to be filled first.

    今日无人担任该角色,须先明确人选方可签字。
    """

    article = "G25"


class HelperMayNotRecord(Forbidden):
    """A helper of the household neither records nor witnesses nor gives its signature.

    帮扶责任人不得为其帮扶对象记录、见证或代签。
    """

    article = "G22"


class HelperMayNotWitness(Conflict):
    """A helper of the household does not witness its signature.

    帮扶责任人不得见证其帮扶对象签字。
    """

    article = "G22"


class HelperMayNotSignForHousehold(Conflict):
    """A helper of the household never signs for it, not even with written authority.

    帮扶责任人不得代其帮扶对象签字,有书面授权亦不可。
    """

    article = "HY.9.3.2"


class OnePersonTwoParts(Conflict):
    """Signer, recorder and witness are different people, and none of them signs as the helper.

    签字人、记录人、见证人须为不同的人,且不得再以帮扶责任人身份签字。
    """

    article = "G22"


class WitnessNeeded(Invalid):
    """This needs a witness who is not the helper.

    此项须有帮扶责任人以外的见证人。
    """

    article = "G22"


class MethodNotForParty(Invalid):
    """A household signs in person, by thumbprint or with its code; an office holder with his own account.

    帮扶对象当面签字、捺印或用签字码;任职人员用本人账号签字。
    """

    article = "HY.9.3.2"


class ThumbprintNotTaken(Conflict):
    """This township takes no thumbprints.

    本乡约定不采用捺指印方式。
    """

    article = "G22"


class ScanOfNoPaper(Invalid):
    """Who signs with a code signs on no paper that could be scanned.

    用签字码签字没有可扫描的纸质件。
    """

    article = "5"


class CodeNeeded(Invalid):
    """The method `code` needs the code, and no other method takes one.

    签字码方式须提交签字码,其他方式不得提交。
    """

    article = "5"


class SignerNeeded(Invalid):
    """Say who signs: a member of the household, or a guardian or agent. Office holders are their account.

    须写明签字人:家庭成员、监护人或受托人;任职人员以账号为准。
    """

    article = "G20"


class RelationNeeded(Invalid):
    """Someone who signs in the head's place says in which relation he stands to the head.

    户主以外的人签字须写明与户主关系。
    """

    article = "G20"


class AuthorityNeeded(Invalid):
    """A guardian or agent signs only with a written authority on file.

    监护人或受托人须有存档的书面授权方可签字。
    """

    article = "G22"


class NotOfThisHousehold(Conflict):
    """The signer is no member of this household today, or not in the capacity named.

    签字人今日不是该户成员,或与所称身份不符。
    """

    article = "G20"


class SignerNotAdult(Conflict):
    """A member under 18 does not sign; a guardian with written authority does.

    未满十八周岁的成员不得签字,由持书面授权的监护人签字。
    """

    article = "G20"


class RoleConflict(Conflict):
    """One person stands in two of the four roles: a substitute or an acknowledgement is needed first.

    同一人兼任四方中的两方,须先指定替代人或由乡党委确认。
    """

    article = "G24"


class NoRoleConflict(Conflict):
    """There is no such conflict of roles here, so there is nothing to resolve.

    此处不存在该角色冲突,无需处理。
    """

    article = "G24"


class SubstituteUnfit(Conflict):
    """A substitute holds no other of the four roles, and is neither of the household nor its helper.

    替代人不得兼任四方中的其他角色,不得是该户成员或其帮扶责任人。
    """

    article = "G24"


class HouseholdHasNoSubstitute(Invalid):
    """Nobody is substituted for the household: it signs, objects or refuses itself.

    帮扶对象不设替代人,由其本人签字、提出异议或拒签。
    """

    article = "G21"


class HelpsThisHousehold(Forbidden):
    """Whoever helps this household does not decide in its file.

    帮扶该户的人员不得在该户事项中行使决定职责。
    """

    article = "G61"


class OwnConflict(Forbidden):
    """Whoever stands in the two roles does not resolve that conflict.

    兼任两方的本人不得处理该冲突。
    """

    article = "G24"


class SignaturesIncomplete(Conflict):
    """Four standing signatures over the present statement, in order, by four people, are needed.

    须有四方依次对现行内容作出的四个有效签字。
    """

    article = "5"


class NotYourHousehold(Forbidden):
    """Only the office, this household's helper or its village's principal prepares its statement.

    只有扶贫办、该户帮扶责任人或该村主要负责人可以拟定其内容。
    """

    article = "5"


class OfficeRestatesCollected(Forbidden):
    """Once collected, only the leading group's office may restate.

    汇总之后只有扶贫办可以重新拟定。
    """

    article = "5"


class StatementUnchanged(Conflict):
    """Signatures are voided only for a statement that changed.

    内容没有变化,不得作废已有签字。
    """

    article = "5"


class CodeNotGood(Conflict):
    """The code is wrong, used, expired, or was given for another statement or signer.

    签字码错误、已使用、已过期,或不属于本内容及本签字人。
    """

    article = "5"


class GiverMayNotRecord(Conflict):
    """Whoever issued or handed over a code does not record the signature given with it.

    签字码的发放人、送达人不得记录以该码作出的签字。
    """

    article = "HY.9.3.2"


class NotACoHelper(Forbidden):
    """Only somebody who helps this household today beside its primary helper co-signs.

    只有今日与主要帮扶责任人共同帮扶该户的人员可以附签。
    """

    article = "G17"


class NotThePredecessor(Forbidden):
    """Only somebody who helped this household in that year, and no more does, states what he leaves behind.

    只有该年度曾帮扶该户、现已不再帮扶的人员可以作前任说明。
    """

    article = "G18"


class StatementTextNeeded(Invalid):
    """A predecessor's statement says something.

    前任说明须写明内容。
    """

    article = "G18"


class CodeThroughHelper(Conflict):
    """A household's code is never given to or through its helper.

    签字码不得交给帮扶责任人,也不得经其转交。
    """

    article = "HY.9.3.2"


# ---- the statement -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """What the four sign (article 5). Its hash goes into every signature.

    `outside_rule` cites the rule that exit rests on, for the regulation has no criterion (G26);
    `income_fen` is net income per head and year, in fen; `checks` answers a local checklist and
    decides nothing; `nonce` is 16 random bytes in hex, so that the hash gives nothing away.
    """

    signoff_id: str
    household_id: str
    year: int
    revision: int
    out_of_poverty: bool
    outside_rule: str
    measures: tuple[str, ...]
    income_fen: int | None
    checks: Mapping[str, bool]
    nonce: str

    def canonical(self) -> bytes:
        """RFC 8785 JSON: keys are ASCII and numbers are integers, so sorting and no spaces suffice."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def hash(self) -> str:
        """SHA-256 of the canonical JSON, 64 hex digits."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def says_the_same(self, other: "Statement") -> bool:
        """Is the content equal, whatever the revision and the nonce?"""
        mine, theirs = asdict(self), asdict(other)
        return all(mine[key] == theirs[key] for key in mine.keys() - {"revision", "nonce"})


# ---- the facts -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """A standing signature: by whom (a person, where he is known as one), over which statement."""

    party: Party
    person_id: UUID | None
    statement_hash: str
    kind: Kind = Kind.SIGNED


@dataclass(frozen=True)
class Member:
    """Someone who belongs to the household on the day of signing."""

    id: UUID
    person_id: UUID | None
    """The same human being among the people on record, where the citizen id says so."""
    is_head: bool
    born: date

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Member":
        person = UUID(row["person_id"]) if row["person_id"] else None
        return cls(UUID(row["id"]), person, row["relation"] == "head", date.fromisoformat(row["born"]))


@dataclass(frozen=True)
class IssuedCode:
    """A single-use code as it is stored: the code itself is kept nowhere."""

    code_hash: str
    statement_hash: str
    signer_id: UUID
    """The member, or the guardian or agent, whom it was handed to."""
    expires_at: datetime
    givers: frozenset[UUID] = frozenset()
    """Who issued it and who handed it over."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "IssuedCode":
        expires = datetime.fromisoformat(row["expires_at"])
        givers = _ids([row["issued_by"], row["handed_by"]])
        return cls(row["code_hash"], row["statement_hash"], UUID(row["signer_id"]), expires, givers)


@dataclass(frozen=True)
class SignoffFacts:
    """What the law asks about one sign-off on the day of the call (G17: incumbents of that day)."""

    state: str
    village_code: str
    statement_hash: str
    out_of_poverty: bool = True
    on_the_register: bool = True
    """Is the household still one that is assisted (G19)?"""
    primary_helper: UUID | None = None
    helpers: frozenset[UUID] = frozenset()
    """Everyone paired with the household today, the primary helper included."""
    former_helpers: frozenset[UUID] = frozenset()
    """Everyone whose pairing with the household held on a day of the year and has ended."""
    principals: frozenset[UUID] = frozenset()
    leaders: frozenset[UUID] = frozenset()
    substitutes: Mapping[Party, UUID] | None = None
    acknowledged: frozenset[UUID] = frozenset()
    signatures: tuple[Signature, ...] = ()
    """Those that stand, in the order in which they were given; refusals are not among them."""
    attendants: frozenset[UUID] = frozenset()
    """Who recorded and who witnessed the household's standing signature, issued its code and handed it over."""
    members: tuple[Member, ...] = ()
    codes: tuple[IssuedCode, ...] = ()
    """Those not used yet."""
    thumbprint_allowed: bool = True
    """Policy `signoff.allowThumbprint` (G22)."""
    window: tuple[str, str] = ("12-01", "12-31")
    """Policy `year.signoffWindow` (G56): its first and last day, as `MM-DD`."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "SignoffFacts":
        """From JSON: ids as text, `substitutes` as party → person id."""
        primary = data.get("primary_helper")
        return cls(
            state=data["state"],
            village_code=data["village_code"],
            statement_hash=data["statement_hash"],
            out_of_poverty=data.get("out_of_poverty", True),
            on_the_register=data.get("on_the_register", True),
            primary_helper=UUID(primary) if primary else None,
            helpers=_ids(data.get("helpers")),
            former_helpers=_ids(data.get("former_helpers")),
            principals=_ids(data.get("principals")),
            leaders=_ids(data.get("leaders")),
            substitutes={Party(party): UUID(person) for party, person in (data.get("substitutes") or {}).items()},
            acknowledged=_ids(data.get("acknowledged")),
            signatures=tuple(
                Signature(
                    party=Party(row["party"]),
                    person_id=UUID(row["person_id"]) if row["person_id"] else None,
                    statement_hash=row["statement_hash"],
                    kind=Kind(row["kind"]),
                )
                for row in data.get("signatures") or ()
            ),
            attendants=_ids(data.get("attendants")),
            members=tuple(Member.of(row) for row in data.get("members") or ()),
            codes=tuple(IssuedCode.of(row) for row in data.get("codes") or ()),
            thumbprint_allowed=data.get("thumbprint_allowed", True),
            window=tuple(data.get("window") or cls.window),
        )

    def incumbents(self, party: Party) -> frozenset[UUID]:
        """Who holds the role today, before any substitute; nobody holds the household's."""
        if party is Party.HELPER:
            return frozenset({self.primary_helper} if self.primary_helper else ())
        return {Party.VILLAGE_PRINCIPAL: self.principals, Party.LIAISON_LEADER: self.leaders}.get(party, frozenset())

    def signatories(self, party: Party) -> frozenset[UUID]:
        """Who may sign for the role today: the incumbents, or the substitute while the role is in conflict (G24)."""
        substitute = (self.substitutes or {}).get(party)
        conflicts = role_conflicts(self, substituted=False).values() if substitute else ()
        return frozenset({substitute}) if substitute and any(party in c for c in conflicts) else self.incumbents(party)

    @property
    def kept_away(self) -> frozenset[UUID]:
        """Who neither records, witnesses, carries nor gives the household's signature: its helpers, substitutes too."""
        substitute = (self.substitutes or {}).get(Party.HELPER)
        return self.helpers | frozenset({substitute} if substitute else ())

    def signer(self, party: Party) -> UUID | None:
        return next((s.person_id for s in self.signatures if s.party is party), None)

    def has_signed(self, party: Party) -> bool:
        return any(s.party is party for s in self.signatures)


def _ids(texts: Iterable[str] | None) -> frozenset[UUID]:
    return frozenset(UUID(text) for text in texts or ())


def role_conflicts(facts: SignoffFacts, *, substituted: bool = True) -> dict[UUID, list[Party]]:
    """Who stands in two or more of the four roles (G24): those who signed, and for the rest those who would.

    With `substituted=False` the substitutes are left out of sight: the conflicts as the appointments make them.
    """
    roles: dict[UUID, list[Party]] = {}
    for party in ORDER:
        if facts.has_signed(party):
            signer = facts.signer(party)
            people = frozenset({signer} if signer else ())
        else:
            people = facts.signatories(party) if substituted else facts.incumbents(party)
        for person in people:
            roles.setdefault(person, []).append(party)
    return {person: parties for person, parties in roles.items() if len(parties) > 1}


def open_conflicts(facts: SignoffFacts) -> dict[UUID, list[Party]]:
    """The conflicts that neither a substitute nor an acknowledgement has resolved."""
    return {p: parties for p, parties in role_conflicts(facts).items() if p not in facts.acknowledged}


# ---- guards --------------------------------------------------------------------------------------


def is_the_signatory(facts: SignoffFacts, actor: Actor) -> Refusal | None:
    """Each signs for himself (HY.9.3.2); the household before people who are not its helper, nor become it (G22)."""
    party = DUE[facts.state]
    if party is Party.HOUSEHOLD:
        return HelperMayNotRecord() if actor.person_id in facts.kept_away else None
    if not facts.signatories(party):
        return NobodyHoldsTheRole(party=party)
    if actor.person_id not in facts.signatories(party):
        return NotTheSignatory(party=party)
    return OnePersonTwoParts() if party is Party.HELPER and actor.person_id in facts.attendants else None


def is_on_the_register(facts: SignoffFacts, actor: Actor) -> Refusal | None:
    return None if facts.on_the_register else HouseholdOffTheRegister()


def signs_once(facts: SignoffFacts, actor: Actor) -> Refusal | None:
    """One person does not sign twice in silence (G24)."""
    party = DUE[facts.state]
    if party is Party.HOUSEHOLD or actor.person_id in facts.acknowledged:
        return None
    signed = [s.party for s in facts.signatures if s.person_id is not None and s.person_id == actor.person_id]
    if not signed:
        return None
    awaiting = [Office.LEADING_GROUP, Office.PARTY_COMMITTEE]
    return RoleConflict(parties=[*signed, party], awaiting=awaiting)


def not_own_file(facts: SignoffFacts, actor: Actor) -> Refusal | None:
    return HelpsThisHousehold() if actor.person_id in facts.kept_away else None


def four_signatures_stand(facts: SignoffFacts, actor: Actor) -> Refusal | None:
    """Four, in order, over the present statement, by different people unless acknowledged (article 5, G24).

    A refused and forwarded sign-off has none of this and cannot become reviewed (G21).
    """
    if facts.state == "forwarded_unconfirmed":
        return None
    people = [s.person_id for s in facts.signatures if s.person_id and s.person_id not in facts.acknowledged]
    stands = (
        tuple(s.party for s in facts.signatures) == ORDER
        and all(s.statement_hash == facts.statement_hash and s.kind is not Kind.REFUSED for s in facts.signatures)
        and all(s.person_id is not None for s in facts.signatures if s.party is not Party.HOUSEHOLD)
        and len(set(people)) == len(people)
    )
    return None if stands else SignaturesIncomplete(standing=[s.party for s in facts.signatures])


def may_restate(facts: SignoffFacts, actor: Actor) -> Refusal | None:
    if actor.holds(Office.LEADING_GROUP_OFFICE):
        return None
    if facts.state == "collected":
        return OfficeRestatesCollected(awaiting=[Office.LEADING_GROUP_OFFICE])
    return prepares(actor, facts.helpers, facts.village_code)


def has_conflict(facts: SignoffFacts, actor: Actor) -> Refusal | None:
    """Is there a conflict of roles to resolve, and is the caller not in it (G24)?"""
    conflicts = role_conflicts(facts, substituted=False)
    if not conflicts:
        return NoRoleConflict()
    return OwnConflict() if actor.person_id in conflicts else None


# ---- the workflow --------------------------------------------------------------------------------

DOMAIN_OFFICES = frozenset(Office) - {Office.ADMINISTRATOR, Office.COUNTY_AUDITOR, Office.COUNTY_SYSTEM}
"""Who may stand at a signature: as signatory, as substitute, or as the recorder of a household's."""

PREPARERS = frozenset({Office.LEADING_GROUP_OFFICE, Office.HELPER, Office.VILLAGE_PRINCIPAL})
"""Who draws up the statement: the office, or the household's own helper and village principal."""

_AWAITED = {
    "open": frozenset({Office.LEADING_GROUP_OFFICE}),
    "household_signed": frozenset({Office.HELPER}),
    "helper_signed": frozenset({Office.VILLAGE_PRINCIPAL}),
    "village_signed": frozenset({Office.LIAISON_LEADER}),
}
_IN_PLACE = {state: (state,) for state in DUE}
_RESTATABLE = ("open", *SIGNED.values(), "collected", "refused")

SIGNOFF = Workflow(
    name="signoff",
    title_zh="签字确认",
    resource="signoffs",
    states=(
        *DUE,
        "leader_signed",
        "collected",
        "reviewed",
        "refused",
        "forwarded_unconfirmed",
        "considered_unconfirmed",
    ),
    states_zh={
        "open": "待贫困户签字",
        "household_signed": "贫困户已签",
        "helper_signed": "帮扶责任人已签",
        "village_signed": "村主要负责人已签",
        "leader_signed": "乡联系领导已签",
        "collected": "已汇总",
        "reviewed": "乡党委已审核",
        "refused": "拒绝签字",
        "forwarded_unconfirmed": "未确认上报",
        "considered_unconfirmed": "未确认,已审议",
    },
    initial="open",
    final=frozenset({"reviewed", "considered_unconfirmed"}),
    moves=(
        Move(
            name="sign",
            path={state: (after,) for state, after in SIGNED.items()},
            offices=DOMAIN_OFFICES,
            article="5",
            summary="Sign: the party that is due confirms the statement.",
            summary_zh="签字确认",
            guards=(is_on_the_register, is_the_signatory, signs_once),
            awaited_from=_AWAITED,
        ),
        Move(
            name="object",
            path={state: (after,) for state, after in SIGNED.items()},
            offices=DOMAIN_OFFICES,
            article="G21",
            summary="Sign with a text of disagreement, which goes on with the statement.",
            summary_zh="签字并附不同意见",
            guards=(is_on_the_register, is_the_signatory, signs_once),
            awaited=False,
        ),
        Move(
            name="refuse",
            path=dict.fromkeys(DUE, ("refused",)),
            offices=DOMAIN_OFFICES,
            article="G21",
            summary="Put on record that the party that is due will not sign; the chain stops here.",
            summary_zh="拒绝签字",
            guards=(is_the_signatory,),
            awaited=False,
        ),
        Move(
            name="forward",
            path={"refused": ("forwarded_unconfirmed",)},
            offices=frozenset({Office.LEADING_GROUP}),
            article="G21",
            summary="Send a refused sign-off on to the Party committee, unconfirmed.",
            summary_zh="未确认上报",
            guards=(not_own_file,),
        ),
        Move(
            name="restate",
            path=dict.fromkeys(_RESTATABLE, ("open",)),
            offices=PREPARERS,
            article="5",
            summary="Change the statement; every signature on the old one is void.",
            summary_zh="重新拟定内容",
            guards=(may_restate,),
            awaited_from={
                state: frozenset({Office.LEADING_GROUP_OFFICE} if state == "refused" else ()) for state in _RESTATABLE
            },
        ),
        Move(
            name="name-substitute",
            path=_IN_PLACE,
            offices=frozenset({Office.LEADING_GROUP}),
            article="G24",
            summary="Name who signs in one of the two roles that one person holds.",
            summary_zh="指定替代签字人",
            guards=(not_own_file, has_conflict),
            awaited=False,
        ),
        Move(
            name="acknowledge-conflict",
            path=_IN_PLACE,
            offices=frozenset({Office.PARTY_COMMITTEE}),
            article="G24",
            summary="Acknowledge that one person signs in two roles.",
            summary_zh="确认角色冲突",
            guards=(not_own_file, has_conflict),
            awaited=False,
        ),
        Move(
            name="issue-code",
            path={"open": ("open",)},
            offices=frozenset({Office.LEADING_GROUP_OFFICE}),
            article="5",
            summary="Give the household a single-use code for this one signature.",
            summary_zh="发放一次性签字码",
            guards=(not_own_file,),
            awaited=False,
        ),
        Move(
            name="collect",
            path={"leader_signed": ("collected",)},
            offices=frozenset({Office.LEADING_GROUP}),
            article="5",
            summary="Take the four signatures into the leading group's summary.",
            summary_zh="统一汇总",
            guards=(not_own_file, four_signatures_stand),
        ),
        Move(
            name="review",
            path={"collected": ("reviewed",), "forwarded_unconfirmed": ("considered_unconfirmed",)},
            offices=frozenset({Office.PARTY_COMMITTEE}),
            article="5",
            summary="Review by the Party committee; what came unconfirmed stays unconfirmed.",
            summary_zh="乡党委审核",
            guards=(not_own_file, four_signatures_stand),
        ),
    ),
)


# ---- rules about what the body says --------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """How somebody signs or refuses, as the request says it, before anything stored is looked at."""

    party: Party
    method: Method
    member_id: UUID | None = None
    """A member of the household who signs."""
    agent_id: UUID | None = None
    """A person who signs for the household as guardian or agent."""
    capacity: Capacity | None = None
    relation: str | None = None
    authority: str | None = None
    """Where the written authority is on file."""
    witness_id: UUID | None = None
    code: str | None = None


def check_form(form: Form, kind: Kind) -> None:
    """What the request must say by itself.

    Raises MethodNotForParty, SignerNeeded, RelationNeeded, AuthorityNeeded, WitnessNeeded or CodeNeeded.
    """
    household = form.party is Party.HOUSEHOLD
    if household is not (form.method in HOUSEHOLD_METHODS):
        raise MethodNotForParty("/method")
    if (form.method is Method.CODE) is not (form.code is not None):
        raise CodeNeeded("/code")
    if household:
        _check_household_signer(form)
    elif form.member_id or form.agent_id or form.capacity or form.relation or form.authority:
        raise SignerNeeded("/party")
    if form.witness_id is None and (kind is Kind.REFUSED or form.method in {Method.IN_PERSON, Method.THUMBPRINT}):
        raise WitnessNeeded("/witness_id")
    if kind is Kind.REFUSED and form.method is Method.CODE:
        raise MethodNotForParty("/method")


def _check_household_signer(form: Form) -> None:
    if form.capacity is None:
        raise SignerNeeded("/capacity")
    by_authority = form.capacity in BY_AUTHORITY
    if (form.agent_id is not None) is not by_authority or (form.member_id is None) is not by_authority:
        raise SignerNeeded("/agent_id" if by_authority else "/member_id")
    if form.capacity is not Capacity.HEAD and not form.relation:
        raise RelationNeeded("/relation")
    if by_authority is not bool(form.authority):
        raise AuthorityNeeded("/authority")


def in_order(facts: SignoffFacts, party: Party) -> None:
    """Raise NotInOrder unless the party named is the one that is due (G23)."""
    due = DUE.get(facts.state)
    if due is not None and party is not due:
        raise NotInOrder(due=due)


def check_parts(facts: SignoffFacts, actor: Actor, form: Form, day: date) -> UUID | None:
    """Who stands where at this signature or refusal; returns the signing person's id, where he is known as one.

    Raises NotInOrder, ThumbprintNotTaken, HelperMayNotWitness, HelperMayNotSignForHousehold, NotOfThisHousehold,
    SignerNotAdult or OnePersonTwoParts (G20, G22, HY.9.3.2).
    """
    in_order(facts, form.party)
    recorder = actor.person_id
    if form.party is not Party.HOUSEHOLD:
        if form.witness_id is not None and form.witness_id == recorder:
            raise OnePersonTwoParts()
        return recorder
    if form.method is Method.THUMBPRINT and not facts.thumbprint_allowed:
        raise ThumbprintNotTaken()
    if form.witness_id in facts.kept_away:
        raise HelperMayNotWitness()
    signer = form.agent_id or _member_signing(facts, form, day)
    if signer in facts.kept_away:
        raise HelperMayNotSignForHousehold()
    present = [person for person in (signer, recorder, form.witness_id) if person is not None]
    if len(set(present)) != len(present):
        raise OnePersonTwoParts()
    return signer


def _member_signing(facts: SignoffFacts, form: Form, day: date) -> UUID | None:
    member = next((m for m in facts.members if m.id == form.member_id), None)
    if member is None or member.is_head is not (form.capacity is Capacity.HEAD):
        raise NotOfThisHousehold()
    if age_on(member.born, day) < ADULT_AGE:
        raise SignerNotAdult()
    return member.person_id


def age_on(born: date, day: date) -> int:
    """Full years of age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def is_late(facts: SignoffFacts, year: int, day: date) -> bool:
    """Was it signed after that year's window closed (G56)? Late is a mark; the signature stands."""
    return day > date.fromisoformat(f"{year:04d}-{facts.window[1]}")


def prepares(actor: Actor, helpers: frozenset[UUID], village_code: str) -> Refusal | None:
    """May the caller draw up a statement about this household?"""
    own = actor.person_id in helpers or actor.holds(Office.VILLAGE_PRINCIPAL, place=village_code)
    return None if actor.holds(Office.LEADING_GROUP_OFFICE) or own else NotYourHousehold()


def check_substitute(facts: SignoffFacts, party: Party, person_id: UUID) -> None:
    """May this person sign in that role instead (G24)?

    Raises HouseholdHasNoSubstitute, NoRoleConflict or SubstituteUnfit.
    """
    if party is Party.HOUSEHOLD:
        raise HouseholdHasNoSubstitute("/party")
    conflicts = role_conflicts(facts, substituted=False)
    if facts.has_signed(party) or not any(party in parties for parties in conflicts.values()):
        raise NoRoleConflict(party=party)
    taken = {p for other in ORDER if other is not party for p in (*facts.signatories(other), facts.signer(other))}
    taken |= {member.person_id for member in facts.members}
    taken |= facts.attendants if party is Party.HELPER else facts.helpers
    taken |= facts.incumbents(party) & conflicts.keys()
    if person_id in taken:
        raise SubstituteUnfit(party=party)


def check_acknowledgement(facts: SignoffFacts, person_id: UUID) -> None:
    """Raise NoRoleConflict unless this person stands in two roles and that is not resolved yet (G24)."""
    if person_id not in open_conflicts(facts):
        raise NoRoleConflict()


REMARKED_IN = {
    Remark.CO_SIGNATURE: tuple(SIGNED.values()),
    Remark.PREDECESSOR_STATEMENT: (*DUE, "leader_signed", "collected", "refused", "forwarded_unconfirmed"),
}
"""One co-signs what the household has signed; a predecessor may speak until the committee has looked at it."""


def check_remark_text(remark: Remark, text: str | None) -> None:
    """Raise StatementTextNeeded where a predecessor says nothing (G18)."""
    if remark is Remark.PREDECESSOR_STATEMENT and not text:
        raise StatementTextNeeded("/text")


def check_remark(facts: SignoffFacts, actor: Actor, remark: Remark) -> None:
    """May the caller put this beside the four signatures (G17, G18)?

    Raises NotACoHelper, NotThePredecessor or WrongState.
    """
    me = actor.person_id
    if remark is Remark.CO_SIGNATURE and (me not in facts.helpers or me in facts.signatories(Party.HELPER)):
        raise NotACoHelper()
    if remark is Remark.PREDECESSOR_STATEMENT and (me not in facts.former_helpers or me in facts.helpers):
        raise NotThePredecessor()
    if facts.state not in REMARKED_IN[remark]:
        raise WrongState(state=facts.state, possible_in=sorted(REMARKED_IN[remark]))


def check_restatement(state: str, before: Statement, after: Statement) -> None:
    """Raise StatementUnchanged where signatures would be voided for nothing.

    A refused statement may be laid before the household again as it was: people change their mind.
    """
    if state != "refused" and before.says_the_same(after):
        raise StatementUnchanged()


# ---- the household's code ------------------------------------------------------------------------


def code_hash(signoff_id: UUID, code: str) -> str:
    """SHA-256 over the sign-off and the code without its hyphens, 64 hex digits."""
    return hashlib.sha256(f"{signoff_id}:{code.replace('-', '').upper()}".encode()).hexdigest()


def check_code(facts: SignoffFacts, actor: Actor, hashed: str, signer_id: UUID | None, now: datetime) -> None:
    """Raise CodeNotGood unless it is unused, in time, for this statement and this signer.

    Whoever gave it out cannot record the signature, so that no one person signs for the household
    (GiverMayNotRecord), nor has he become its helper since (CodeThroughHelper).
    """
    wanted = (hashed, facts.statement_hash, signer_id)
    good = [c for c in facts.codes if (c.code_hash, c.statement_hash, c.signer_id) == wanted and now < c.expires_at]
    if not good:
        raise CodeNotGood()
    if any(actor.person_id in code.givers for code in good):
        raise GiverMayNotRecord()
    if any(code.givers & facts.kept_away for code in good):
        raise CodeThroughHelper()


def check_code_delivery(facts: SignoffFacts, *people: UUID | None) -> None:
    """Raise CodeThroughHelper if a helper of the household issues, carries or receives its code."""
    if any(person in facts.kept_away for person in people if person is not None):
        raise CodeThroughHelper()


# ---- what it means -------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What a sign-off says about the household's exit, as a proposal: the Party committee determines (R5.6)."""

    OUT_OF_POVERTY = "out_of_poverty"
    IN_POVERTY = "in_poverty"
    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"


def outcome(facts: SignoffFacts) -> Outcome:
    """Confirmed only by four signatures without objection and the committee's review (G21, G27).

    A refusal or an objection makes it unconfirmed, never a failure of the household.
    """
    stopped = facts.state in {"refused", "forwarded_unconfirmed", "considered_unconfirmed"}
    if stopped or any(s.kind is Kind.OBJECTED for s in facts.signatures):
        return Outcome.UNCONFIRMED
    if facts.state != "reviewed":
        return Outcome.PENDING
    return Outcome.OUT_OF_POVERTY if facts.out_of_poverty else Outcome.IN_POVERTY
