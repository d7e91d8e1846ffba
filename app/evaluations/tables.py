"""How is the year's end stored, and which facts of the year are gathered for its law?"""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    literal_column,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Uuid
from sqlmodel import Field, col

from app.access import Entered, Scope
from app.database import KEYS, Prepared, Tenant, WorkflowRecord, belongs, one_of, same_place, tenant
from app.evaluations import rules
from app.inspections.rules import COMMENCEMENT
from app.log import canonical
from app.notices.tables import REVISION, Notice, notices_where
from app.reading import Resource, rows_of, utc
from app.rulebook.tables import policy_fact


class YearEndSubmission(WorkflowRecord, table=True):
    """A township's year, reviewed, summed up and handed to the Party committee (article 5)."""

    __tablename__ = "year_end_submissions"
    __table_args__ = tenant(
        UniqueConstraint(*KEYS, "year"),
        CheckConstraint("(state = 'open') = (findings is null)", name="findings"),
        CheckConstraint("(state in ('summarised', 'submitted')) = (package is not null)", name="package"),
        CheckConstraint("(state = 'submitted') = (late is not null)", name="late"),
        states=rules.SUBMISSION.states,
    )

    year: int
    findings: str | None = None
    summary: str | None = None
    package: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    package_hash: str | None = None
    late: bool | None = None


class AnnualEvaluation(WorkflowRecord, table=True):
    """One helper's year: the latest proposal, and the determinations made of it."""

    __tablename__ = "annual_evaluations"
    __table_args__ = tenant(
        UniqueConstraint(*KEYS, "year", "helper_id"),
        belongs("helper_id", "people"),
        one_of("proposed_outcome", rules.Outcome),
        CheckConstraint("(state = 'pending') = (proposal is null)", name="proposal"),
        CheckConstraint("(state = 'reopened') = (reopen_reason is not null)", name="reopen_reason"),
        Index("ix_annual_evaluations_helper", *KEYS, "helper_id", "year"),
        states=rules.EVALUATION.states,
    )

    year: int
    helper_id: UUID
    proposed_outcome: str | None = None
    proposal: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """The explanation; its canonical form gives the hash."""
    proposal_hash: str | None = None
    proposed_at: datetime | None = None
    reopen_reason: str | None = None


class AnnualDetermination(Tenant, table=True):
    """A version of what the Party committee determined, never changed; the highest number stands (G53)."""

    __tablename__ = "annual_determinations"
    __table_args__ = tenant(
        UniqueConstraint(*KEYS, "evaluation_id", "number"),
        belongs("evaluation_id", "annual_evaluations"),
        belongs("submission_id", "year_end_submissions"),
        belongs("helper_id", "people"),
        belongs("author_id", "people"),
        belongs("replaces_id", "annual_determinations"),
        one_of("outcome", rules.DETERMINABLE),
        CheckConstraint("(replaces_id is null) = (number = 1)", name="number"),
        CheckConstraint("(replaces_id is null) = (reopened_because is null)", name="reopened_because"),
        CheckConstraint("(outcome = 'not_complete') = (veto_year is not null)", name="veto"),
        CheckConstraint("(outcome = 'not_complete') = notice_due", name="notice_due"),
        CheckConstraint("veto_year = year", name="veto_year"),
        CheckConstraint("reasons <> '' and results_considered <> ''", name="reasons"),
        Index("ix_annual_determinations_helper", *KEYS, "helper_id", "year"),
    )

    evaluation_id: UUID
    number: int
    helper_id: UUID
    year: int
    replaces_id: UUID | None = None
    reopened_because: str | None = None
    outcome: str
    reasons: str
    results_considered: str
    mitigation: str | None = None
    plan_target: str | None = None
    priority_reason: str | None = None
    cadre_annual_grade: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    submission_id: UUID
    proposal: dict[str, Any] = Field(sa_type=JSONB)
    """The explanation that lay before the committee, with every month and quarter attached (G4)."""
    proposal_hash: str
    departs: bool
    measures: list[str] = Field(sa_type=ARRAY(Text))
    priority_for_excellent: bool
    priority_for_awards: bool
    notice_due: bool
    veto_year: int | None = None
    author_id: UUID
    determined_at: datetime


def _of(table: str, alias: str) -> str:
    return f"{alias}.county_code = {table}.county_code and {alias}.township_code = {table}.township_code"


def _own(alias: str) -> str:
    return _of("annual_evaluations", alias)


_FIRST, _LAST = "make_date(annual_evaluations.year, 1, 1)", "make_date(annual_evaluations.year, 12, 31)"
IN_YEAR = "{0}.starts <= {last} and ({0}.ends is null or ({0}.ends > {first} and {0}.ends > {0}.starts))".format
"""Had the interval `[starts, ends)` a day in the year?"""

_HOUSEHOLDS = f"""
select json_agg(json_build_object(
    'household_id', p.household_id, 'assigned_from', p.starts, 'assigned_to', p.ends, 'primary', p.is_primary,
    'closed_by', c.kind, 'closed_on', c.happened_on, 'returned_on', r.happened_on,
    'signoff_id', s.id, 'signoff_state', s.state, 'out_of_poverty', s.out_of_poverty, 'exit_rule', s.outside_rule,
    'statement_hash', s.statement_hash, 'confirmed_on', s.confirmed_on, 'late', coalesce(s.late, false),
    'objected', coalesce(s.objected, false)) order by p.household_id, p.starts)
  from pairings p
  left join lateral (
    select e.kind, e.happened_on from household_events e
     where {_own('e')} and e.household_id = p.household_id and e.happened_on <= {_LAST}
     order by e.happened_on desc, e.created_at desc limit 1) c on c.kind = any(array[{{closed}}])
  left join lateral (
    select max(e.happened_on) as happened_on from household_events e
     where {_own('e')} and e.household_id = p.household_id and e.kind = 'returned_to_poverty'
       and e.happened_on between {_FIRST} and {_LAST}) r on true
  left join signoffs s on {_own('s')} and s.household_id = p.household_id and s.year = annual_evaluations.year
 where {_own('p')} and p.helper_id = annual_evaluations.helper_id and {IN_YEAR('p', first=_FIRST, last=_LAST)}
""".replace("{closed}", ", ".join(f"'{kind}'" for kind in sorted(rules.CLOSED)))  # fmt: skip

_MONTHS = f"""
select json_agg(json_build_object('period', m.month, 'record_id', i.id,
    'state', coalesce(i.state, case when o.drawn_at is null then coalesce(o.state, 'no_round') else 'not_drawn' end)
    ) order by m.month)
  from (select to_char(d, 'YYYY-MM') as month
          from generate_series(greatest({_FIRST}, date '2016-11-01')::timestamp, {_LAST}::timestamp,
                               interval '1 month') d) m
  left join inspection_rounds o on {_own("o")} and o.month = m.month
  left join inspections i on {_own("i")} and i.round_id = o.id
   and i.helper_id = annual_evaluations.helper_id and i.superseded_by is null
"""

_QUARTERS = f"""
select json_agg(json_build_object('period', q.quarter, 'record_id', case when s.state <> 'pending' then s.id end,
    'state', coalesce(s.state, case when o.id is null then 'no_round' else 'no_row' end)) order by q.quarter)
  from (select to_char(d, 'YYYY-"Q"Q') as quarter
          from generate_series(greatest({_FIRST}, date '2016-10-01')::timestamp, {_LAST}::timestamp,
                               interval '3 months') d) q
  left join quarterly_rounds o on {_own("o")} and o.quarter = q.quarter
  left join quarterly_scores s on {_own("s")} and s.round_id = o.id
   and s.helper_id = annual_evaluations.helper_id
"""

MEASURES = (
    "(select coalesce(json_agg(c.measure order by c.decided_on, c.id), '[]') from cases c where {same}"
    " and c.subject_person_id = {helper} and c.measure is not null and extract(year from c.decided_on) = {year})"
).format
"""Measures of article 9 that stand against the helper and were decided in the year (G32)."""

_D: Any = AnnualDetermination
_SHOWN = (
    "id", "number", "replaces_id", "reopened_because", "outcome", "reasons", "results_considered", "mitigation",
    "plan_target", "priority_reason", "cadre_annual_grade", "submission_id", "proposal_hash", "departs", "measures",
    "priority_for_excellent", "priority_for_awards", "notice_due", "veto_year", "author_id",
)  # fmt: skip

SUBMISSIONS = Resource(
    "year-end-submissions",
    YearEndSubmission,
    facts={"window": policy_fact("year.signoffWindow", YearEndSubmission)},
    workflow=rules.SUBMISSION,
    read_facts=lambda row, facts, entered: rules.SubmissionFacts.of(entered.today, row["year"], facts["window"]),
)


def hash_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a proposal's or package's canonical JSON, hex."""
    return sha256(canonical(document)).hexdigest()


def _read_facts(row: dict[str, Any], facts: dict[str, Any], entered: Entered) -> rules.EvaluationFacts:
    """The year's facts are gathered with every read, so that a proposal overtaken by the record shows as such."""
    explanation = rules.propose(rules.Facts.of({"year": row["year"], **facts})).explanation()
    return rules.EvaluationFacts(
        helper_id=UUID(row["helper_id"]),
        submission_id=UUID(facts["submission_id"]) if facts["submission_id"] else None,
        category=facts["category"],
        measures=tuple(facts["measures"]),
        explanation=explanation,
        up_to_date=row["proposal_hash"] in (None, hash_of(rules.recomputable(explanation))),
        log_size=facts["log_size"],
        notices=tuple(facts["notices"]),
    )


_OWN = Scope(people=(col(AnnualEvaluation.helper_id),))

EVALUATIONS = Resource(
    "annual-evaluations",
    AnnualEvaluation,
    _OWN,
    extra={
        "determinations": rows_of(
            AnnualDetermination,
            same_place(_D, AnnualEvaluation),
            col(_D.evaluation_id) == col(AnnualEvaluation.id),
            order=_D.number,
            **{name: getattr(_D, name) for name in _SHOWN},
            determined_at=utc(_D.determined_at),
        )
    },
    facts={
        "submission_id": literal_column(
            f"(select s.id from year_end_submissions s where {_of('annual_evaluations', 's')}"
            " and s.year = annual_evaluations.year and s.state = 'submitted')"
        ),
        "log_size": literal_column(f"(select l.size from log_head l where {_of('annual_evaluations', 'l')})"),
        "category": literal_column(
            f"(select p.category from people p where {_of('annual_evaluations', 'p')}"
            " and p.id = annual_evaluations.helper_id)"
        ),
        "measures": literal_column(
            MEASURES(same=_own("c"), helper="annual_evaluations.helper_id", year="annual_evaluations.year")
        ),
        "households": literal_column(f"coalesce(({_HOUSEHOLDS}), '[]')"),
        "months": literal_column(f"({_MONTHS})"),
        "quarters": literal_column(f"({_QUARTERS})"),
        "notices": notices_where(
            same_place(Notice, AnnualEvaluation),
            col(Notice.evaluation_id) == col(AnnualEvaluation.id),
            or_(col(Notice.state) == "draft", col(Notice.state) == "published"),
        ),
    },
    hide=frozenset({"proposal"}),
    workflow=rules.EVALUATION,
    read_facts=_read_facts,
)

_DETERMINED = insert(AnnualDetermination).values(
    {c.name: bindparam(f"determined_{c.name}", type_=c.type) for c in AnnualDetermination.__table__.columns}  # type: ignore[attr-defined]
)
DETERMINE = Prepared(REVISION.add_cte(_DETERMINED.cte("determined")))
"""A version of a determination, and what becomes of the notices of an earlier one, in one statement."""

EXPLANATIONS = Resource(
    "annual-evaluations",
    AnnualEvaluation,
    _OWN,
    hide=frozenset(
        {"created_at", "state", "state_since", "proposed_outcome", "proposal_hash", "proposed_at", "reopen_reason"}
    ),
)
"""An evaluation seen for its explanation alone."""


def _prepared(sql: str, *params: Any) -> Prepared:
    place = [bindparam(name, type_=Text()) for name in KEYS]
    return Prepared(text(sql).bindparams(*place, *params))


HELPER, YEAR = bindparam("helper", type_=Uuid()), bindparam("year", type_=Integer())
FIRST, LAST = bindparam("first", type_=Date()), bindparam("last", type_=Date())
HERE = "{0}.county_code = :county_code and {0}.township_code = :township_code".format
HELPED_IN = _prepared(
    f"(select p.helper_id from pairings p where {HERE('p')} and {IN_YEAR('p', first=':first', last=':last')}"
    f" union select a.person_id from appointments a where {HERE('a')} and a.office = 'helper'"
    f" and {IN_YEAR('a', first=':first', last=':last')})"
    f" except select v.helper_id from annual_evaluations v where {HERE('v')} and v.year = :year order by 1",
    YEAR,
    FIRST,
    LAST,
)
"""Everyone who helped in the year, with a household or without, and is not under evaluation yet (G15, G18)."""


def month_states(here: Callable[[str], str], first: str, last: str) -> str:
    """Every month between two days with its round and the state of its check, of the township that `here` names.

    They begin with the regulation's or the township's first; one that ended without a draw by the parameter `today` is
    missed, whether or not anybody put it on record (G8).
    """
    return f"""
select m.month, o.id as round_id, case
    when o.missed_in_month or (o.drawn_at is null and m.owed and :today >= m.ends) then 'missed_in_month'
    else coalesce(o.state, 'none') end as state
  from (select greatest(date '{COMMENCEMENT}', min(b.effective_from)) as begins
          from rulebook_bindings b where {here("b")}) b
  cross join lateral (
    select to_char(d, 'YYYY-MM') as month, (d + interval '1 month')::date as ends, d >= b.begins as owed
      from generate_series(date_trunc('month', greatest({first}, b.begins)), cast({last} as timestamp),
                           interval '1 month') d) m
  left join inspection_rounds o on {here("o")} and o.month = m.month"""


PACKAGE = _prepared(
    f"""
with h as (
  select h.id, coalesce((select e.kind from household_events e
                          where {HERE("e")} and e.household_id = h.id and e.happened_on <= :last
                          order by e.happened_on desc, e.created_at desc limit 1), 'registered') as status
    from households h where {HERE("h")} and h.listed_on <= :last),
m as ({month_states(HERE, ":first", ":last")}),
q as (select to_char(d, 'YYYY-"Q"Q') as quarter
        from generate_series(greatest(:first, date '2016-10-01')::timestamp, cast(:last as timestamp),
                             interval '3 months') d)
select json_build_object('year', cast(:year as int),
  'households', (select coalesce(json_object_agg(status, n), '{{}}') from
    (select status, count(*) as n from h group by status order by status) x),
  'signoffs', (select coalesce(json_object_agg(state, n), '{{}}') from
    (select s.state, count(*) as n from signoffs s where {HERE("s")} and s.year = :year group by 1 order by 1) x),
  'months', (select coalesce(json_object_agg(m.month, m.state order by m.month), '{{}}') from m),
  'quarters', (select json_object_agg(q.quarter, coalesce(o.state, 'none') order by q.quarter) from q
    left join quarterly_rounds o on {HERE("o")} and o.quarter = q.quarter),
  'evaluations', (select count(*) from annual_evaluations v where {HERE("v")} and v.year = :year))::text
""",
    YEAR,
    FIRST,
    LAST,
    bindparam("today", type_=Date()),
)
"""The year in numbers, as the leading group hands it over: every month from the regulation's or the township's first
stands in it, one that ended without a draw as missed whether or not anybody put it on record (G8)."""

_TAKEN = MEASURES(same=_of("p", "c"), helper="p.id", year=":year")

AWARDS = _prepared(
    f"""
select json_build_object('helper_id', p.id, 'measures', {_TAKEN},
  'determinations', (select coalesce(json_agg(json_build_object('id', d.id, 'evaluation_id', d.evaluation_id,
      'number', d.number, 'outcome', d.outcome, 'priority_for_excellent', d.priority_for_excellent,
      'under_reconsideration', v.state = 'reopened')), '[]')
    from annual_determinations d join annual_evaluations v on {_of("d", "v")} and v.id = d.evaluation_id
    where {_of("p", "d")} and d.helper_id = p.id and d.year = :year))::text
  from people p where p.county_code = :county_code and p.id = :helper
   and (p.township_code = :township_code or cast(:county_wide as boolean))
""",
    HELPER,
    YEAR,
    bindparam("county_wide", type_=Boolean()),
)
"""What a helper's eligibility for the awards of a year rests on."""
