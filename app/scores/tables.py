"""How are quarterly rounds, scores and rubrics stored, and what is gathered for their law?"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Index, Text, UniqueConstraint, bindparam, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, col

from app.access import Scope
from app.database import KEYS, Prepared, Record, Tenant, WorkflowRecord, belongs, one_of, same_place, tenant
from app.reading import Resource, rows_of, utc
from app.rulebook.tables import policy_fact
from app.scores import rules


class RubricRow(Record, table=True):
    """An edition of a township's rubric: local policy, never changed once made (G2)."""

    __tablename__ = "rubrics"
    __table_args__ = tenant(UniqueConstraint(*KEYS, "code", "edition"), CheckConstraint("maximum > 0", name="maximum"))

    code: str
    edition: int
    title: str
    criteria: list[Any] = Field(sa_type=JSONB)
    maximum: int
    """Milli-points."""
    source: str = "local_policy"


class QuarterlyRound(WorkflowRecord, table=True):
    """The quarterly assessment of one township in one quarter."""

    __tablename__ = "quarterly_rounds"
    __table_args__ = tenant(
        UniqueConstraint(*KEYS, "quarter"),
        belongs("rubric_id", "rubrics"),
        one_of("received_by", ["leading_group"]),
        CheckConstraint("(state = 'open') = (narrative is null)", name="narrative"),
        CheckConstraint("(state = 'reported') = (received_by is not null)", name="received"),
        states=rules.ROUND.states,
    )

    quarter: str
    first_day: date
    last_day: date
    rubric_id: UUID | None = None
    narrative: str | None = None
    assessed: int | None = None
    """How many, as summarised."""
    not_assessed: int | None = None
    received_by: str | None = None


class QuarterlyScore(WorkflowRecord, table=True):
    """One helper's row in a quarterly round; what was found stands in its results."""

    __tablename__ = "quarterly_scores"
    __table_args__ = tenant(
        UniqueConstraint(*KEYS, "round_id", "helper_id"),
        belongs("round_id", "quarterly_rounds"),
        belongs("helper_id", "people"),
        Index("ix_quarterly_scores_helper", *KEYS, "helper_id", "quarter"),
        states=rules.SCORE.states,
    )

    round_id: UUID
    quarter: str
    helper_id: UUID


class QuarterlyResult(Tenant, table=True):
    """What an assessor recorded of one row; a correction is another result that names the one it corrects (G55)."""

    __tablename__ = "quarterly_results"
    __table_args__ = tenant(
        UniqueConstraint(*KEYS, "score_id", "number"),
        belongs("score_id", "quarterly_scores"),
        belongs("corrects_id", "quarterly_results"),
        belongs("author_id", "people"),
        one_of("outcome", ["assessed", "not_assessed"]),
        CheckConstraint("(corrects_id is null) = (correction_reason is null)", name="correction"),
        CheckConstraint("(outcome = 'not_assessed') = (reason is not null)", name="reason"),
        CheckConstraint("(outcome = 'assessed') = (narrative is not null and methods is not null)", name="narrative"),
    )

    score_id: UUID
    number: int
    """1 for the first result of a row, 2 for its first correction, and so on."""
    corrects_id: UUID | None = None
    correction_reason: str | None = None
    author_id: UUID
    recorded_at: datetime
    outcome: str
    reason: str | None = None
    """Why this helper was not assessed."""
    methods: list[Any] | None = Field(default=None, sa_type=JSONB)
    missing: list[Any] | None = Field(default=None, sa_type=JSONB)
    narrative: str | None = None
    deductions: list[Any] | None = Field(default=None, sa_type=JSONB)
    points: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """Label, milli-points, maximum and the explaining lines, where the round has a rubric."""


def _of(table: str, alias: str) -> str:
    return f"{alias}.county_code = {table}.county_code and {alias}.township_code = {table}.township_code"


ACTIVE = """p.starts <= {last} and (p.ends is null or (p.ends > {first} and p.ends > p.starts))"""
"""Had the pairing an active day in the quarter? Its interval is `[starts, ends)`."""

_IN_ROUND = ACTIVE.format(first="quarterly_rounds.first_day", last="quarterly_rounds.last_day")

_ROUND_FACTS: dict[str, Any] = {
    **{
        state: literal_column(
            f"(select count(*) from quarterly_scores s where {_of('quarterly_rounds', 's')}"
            f" and s.round_id = quarterly_rounds.id and s.state = '{state}')"
        )
        for state in rules.SCORE.states
    },
    "without_row": literal_column(
        f"(select count(distinct p.helper_id) from pairings p where {_of('quarterly_rounds', 'p')} and {_IN_ROUND}"
        f" and not exists (select 1 from quarterly_scores s where {_of('quarterly_rounds', 's')}"
        f" and s.round_id = quarterly_rounds.id and s.helper_id = p.helper_id))"
    ),
}

_SCORE_FACTS: dict[str, Any] = {
    "all_methods": policy_fact("quarter.requireAllMethods", QuarterlyScore),
    "helped": literal_column(
        "(select coalesce(json_agg(distinct p.household_id), '[]') from pairings p"
        f" join quarterly_rounds r on {_of('quarterly_scores', 'r')} and r.id = quarterly_scores.round_id"
        f" where {_of('quarterly_scores', 'p')} and p.helper_id = quarterly_scores.helper_id"
        f" and {ACTIVE.format(first='r.first_day', last='r.last_day')})"
    ),
    "rubric": literal_column(
        "(select json_build_object('code', b.code, 'edition', b.edition, 'criteria', b.criteria)"
        f" from rubrics b join quarterly_rounds r on {_of('b', 'r')} and r.rubric_id = b.id"
        f" where {_of('quarterly_scores', 'r')} and r.id = quarterly_scores.round_id)"
    ),
}

RUBRICS = Resource("rubrics", RubricRow, Scope(open=True))

ROUNDS = Resource(
    "quarterly-rounds",
    QuarterlyRound,
    facts=_ROUND_FACTS,
    workflow=rules.ROUND,
    read_facts=lambda row, facts, entered: rules.RoundFacts.of(facts),
)

_R: Any = QuarterlyResult

SCORES = Resource(
    "quarterly-scores",
    QuarterlyScore,
    Scope(people=(col(QuarterlyScore.helper_id),)),
    extra={
        "results": rows_of(
            QuarterlyResult,
            same_place(_R, QuarterlyScore),
            col(_R.score_id) == col(QuarterlyScore.id),
            order=_R.number,
            **{name: getattr(_R, name) for name in ("id", "number", "corrects_id", "correction_reason", "author_id")},
            recorded_at=utc(_R.recorded_at),
            **{name: getattr(_R, name) for name in ("outcome", "reason", "methods", "missing", "narrative")},
            deductions=_R.deductions,
            points=_R.points,
        )
    },
    facts=_SCORE_FACTS,
    workflow=rules.SCORE,
    read_facts=lambda row, facts, entered: rules.ScoreFacts.of({"helper_id": row["helper_id"], **facts}),
)

ACTIVE_HELPERS = Prepared(
    text(
        "select distinct p.helper_id from pairings p where p.county_code = :county_code"
        " and p.township_code = :township_code and (cast(:helper as uuid) is null or p.helper_id = :helper)"
        f" and {ACTIVE.format(first=':first', last=':last')} order by 1"
    ).bindparams(
        bindparam("county_code", type_=Text()),
        bindparam("township_code", type_=Text()),
        bindparam("helper", type_=PG_UUID()),
        bindparam("first", type_=Date()),
        bindparam("last", type_=Date()),
    )
)
"""Everyone, or the one named, with an active pairing day between two days (G14)."""

LAST_EDITION = Prepared(
    text(
        "select coalesce(max(edition), 0) from rubrics where county_code = :county_code"
        " and township_code = :township_code and code = :code"
    ).bindparams(
        bindparam("county_code", type_=Text()),
        bindparam("township_code", type_=Text()),
        bindparam("code", type_=Text()),
    )
)
