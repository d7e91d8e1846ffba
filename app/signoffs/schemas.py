"""What goes over the wire about sign-offs?"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.attachments.schemas import AttachmentIds
from app.reading import PageQuery
from app.signoffs.rules import Capacity, Form, Kind, Method, Outcome, Party, Remark
from app.wire import (
    ANOTHER,
    SOMEBODY,
    Create,
    Digest,
    In,
    Line,
    Name,
    Out,
    PageOut,
    Prose,
    RecordOut,
    VillageCode,
    WorkflowOut,
    Year,
    among,
    given,
    just_one,
    left_out,
    ruled,
    when,
)

Check = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}$", max_length=14)]


class StatementIn(In):
    """What the four sign (article 5); the outside rule is cited, for the regulation has no criterion (G26)."""

    out_of_poverty: bool = Field(description="是否脱贫")
    outside_rule: Line = Field(description="所依据的外部规定", examples=["河南省贫困退出实施办法"])
    measures: list[Line] = Field([], max_length=30, description="帮扶措施", examples=[["养羊到户", "公益岗位"]])
    income_fen: int | None = Field(None, ge=0, le=10**9, description="人均纯收入,单位:分/年", examples=[412300])
    checks: dict[Check, bool] = Field(
        {}, max_length=20, examples=[{"housing": True}],
        json_schema_extra={"additionalProperties": False},
        description="参考核对项,不作判定 / informative; on paper in Chinese: food_and_clothing, housing, medical_care, "
        "schooling, drinking_water, income",
    )  # fmt: skip


class CreateSignoff(Create):
    """Open the sign-off of a household for a year."""

    household_id: UUID
    year: Year = Field(examples=[2017])
    statement: StatementIn


BY_HAND, BY_AUTHORITY = ("in_person", "thumbprint"), ("guardian", "agent")
FORM = (
    when(
        among("party", "household"),
        {"allOf": [among("method", *BY_HAND, "code"), given("capacity")]},
        {
            "allOf": [
                among("method", "account"),
                left_out("member_id", "agent_id", "capacity", "relation", "authority"),
            ]
        },
    ),
    when(
        among("capacity", *BY_AUTHORITY),
        {"allOf": [given("agent_id", "relation", "authority"), left_out("member_id")]},
        {"allOf": [left_out("agent_id", "authority"), when(given("capacity"), given("member_id"))]},
    ),
    when(among("capacity", "member"), given("relation")),
    when(among("method", "code"), given("code"), left_out("code")),
    when(among("method", *BY_HAND), given("witness_id")),
    when(among("method", "code"), {"properties": {"attachment_ids": {"maxItems": 0}}}),
)
"""What `rules.check_form` asks of every signature."""


class Signing(In):
    """Who signs and how. An office holder is his account; a household says who signs for it."""

    model_config = ruled(*FORM)

    party: Party = Field(description="签字方;须为按第五条顺序应签的一方")
    method: Method = Field(examples=["in_person"])
    member_id: UUID | None = Field(None, description="签字的家庭成员", examples=[SOMEBODY])
    agent_id: UUID | None = Field(None, description="监护人或受托人(人员 id)")
    capacity: Capacity | None = Field(None, examples=["head"])
    relation: Name | None = Field(None, description="与户主关系,如长子")
    authority: Line | None = Field(None, description="书面授权的存档位置,如乡扶贫办档案 2017-12")
    witness_id: UUID | None = Field(None, description="见证人(人员 id);不得为帮扶责任人", examples=[ANOTHER])
    code: Code | None = Field(None, description="一次性签字码")
    attachment_ids: AttachmentIds = Field(default=[])

    def form(self) -> Form:
        return Form(**{name: getattr(self, name) for name in Form.__dataclass_fields__})


class Sign(Signing):
    """A party's signature on the statement."""


class Object(Signing):
    """A signature with a text of disagreement; it goes on with the statement (G21)."""

    text: Prose = Field(description="不同意见", examples=["收入核算漏计医药费"])


class Refuse(Signing):
    """The party that is due will not sign: the reason, before a witness (G21)."""

    model_config = ruled(*FORM, given("witness_id"), {"not": among("method", "code")})

    reason: Prose = Field(description="拒签理由", examples=["认为尚未达到脱贫标准"])


class Forward(In):
    """Send a refused sign-off on, unconfirmed."""

    reason: Prose


class Restate(In):
    """A changed statement; every signature on the old one is void."""

    statement: StatementIn
    reason: Prose = Field(examples=["补计医药费后重新核算"])


class NameSubstitute(In):
    """Who signs in one of the two roles that one person holds (G24)."""

    model_config = ruled({"not": among("party", "household")})

    party: Party = Field(examples=["helper"])
    person_id: UUID
    reason: Prose


class AcknowledgeConflict(In):
    """The person whose two roles the Party committee acknowledges (G24)."""

    person_id: UUID
    reason: Prose


class IssueCode(In):
    """To whom the code is handed, and by whom: never to or through the helper."""

    model_config = ruled(just_one("member_id", "agent_id"))

    member_id: UUID | None = Field(None, description="领取签字码的家庭成员", examples=[SOMEBODY])
    agent_id: UUID | None = Field(None, description="领取签字码的监护人或受托人(人员 id)")
    handed_by: UUID | None = Field(None, description="送达人(人员 id);默认本人 / yourself by default")


class Collect(In):
    """Into the leading group's summary."""


class Review(In):
    """The Party committee's review."""

    note: Prose | None = Field(None, description="审核意见")


class AddRemark(Create):
    """A co-helper's signature beside the primary's (G17), or what a predecessor has to say (G18)."""

    model_config = ruled(when(among("kind", "predecessor_statement"), given("text")))

    kind: Remark = Field(examples=["predecessor_statement"])
    text: Prose | None = Field(
        None, description="前任说明须写明 / required for a statement", examples=["上半年已落实养羊项目"]
    )


class RemarkOut(RecordOut):
    """What stands beside the four signatures, on the statement whose hash it names."""

    signoff_id: UUID
    kind: Remark
    person_id: UUID
    statement_hash: Digest
    text: str | None
    made_on: date


class RemarkedOut(Out):
    """A remark as the sign-off shows it; it confirms and stops nothing."""

    id: UUID
    kind: Remark
    person_id: UUID
    statement_hash: Digest
    text: str | None
    made_on: date


class SignatureOut(Out):
    """What one party put on record, voided ones included."""

    id: UUID
    party: Party
    kind: Kind
    method: Method
    statement_hash: Digest
    person_id: UUID | None
    member_id: UUID | None
    capacity: Capacity | None
    relation: str | None
    authority: str | None
    recorder_id: UUID
    witness_id: UUID | None
    content: str | None
    attachment_ids: list[UUID]
    signed_at: datetime
    signed_on: date
    late: bool
    voided_at: datetime | None
    voided_by: UUID | None


class SubstituteOut(Out):
    """A substitute; the latest for a role counts."""

    party: Party
    person_id: UUID
    reason: str
    named_by: UUID
    named_at: datetime


class AcknowledgementOut(Out):
    """A conflict of roles that the Party committee knows of."""

    person_id: UUID
    reason: str
    acknowledged_by: UUID
    acknowledged_at: datetime


class RoleConflictOut(Out):
    """One person in two or more of the four roles (G24)."""

    person_id: UUID
    parties: list[Party]
    acknowledged: bool


class SignoffOut(WorkflowOut):
    """A sign-off and everything put on record; `outcome` and `role_conflicts` on single reads only."""

    household_id: UUID
    village_code: VillageCode
    year: int
    revision: int
    out_of_poverty: bool
    outside_rule: str
    measures: list[str]
    income_fen: int | None
    checks: dict[str, bool]
    nonce: str = Field(description="16 random bytes in hex that go into the hash / 计入摘要的随机数")
    statement_hash: Digest
    prepared_by: UUID
    restatement_reason: str | None
    forward_reason: str | None
    review_note: str | None
    objected: bool
    late: bool
    confirmed_on: date | None
    signatures: list[SignatureOut]
    substitutes: list[SubstituteOut]
    acknowledgements: list[AcknowledgementOut]
    remarks: list[RemarkedOut]
    outcome: Outcome | None = Field(None, description="本记录所示结果,仅供审核参考 / a proposal, on single reads only")
    role_conflicts: list[RoleConflictOut] | None = None


class SignoffPage(PageOut):
    items: list[SignoffOut]


class SignoffQuery(PageQuery):
    """Filters by equality."""

    household_id: UUID | None = None
    village_code: VillageCode | None = None
    year: Year | None = None
    state: str | None = None


class CodeOut(Out):
    """The code, shown this once; it is kept nowhere."""

    signoff_id: UUID
    expires_at: datetime
    code: str | None = Field(None, description="Absent in a replayed answer / 重发的应答中不再显示")
