"""What stands on a page besides its record? Names, places and the entry of the ledger; nothing is stored here."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import JSON, Date, Integer, Text, bindparam, cast, column, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import SQLModel, col

from app.cases.actions import CASES
from app.database import KEYS, Prepared, same_place, table_of
from app.evaluations.tables import EVALUATIONS, SUBMISSIONS, AnnualEvaluation, YearEndSubmission, month_states
from app.ledger.tables import HELPERS, HOUSEHOLD_EXITS
from app.notices.actions import NOTICES
from app.reading import Resource
from app.scores.tables import ROUNDS, QuarterlyRound
from app.signoffs.actions import SIGNOFFS
from app.signoffs.tables import Signoff

Here = Callable[[str], str]
"""The condition by which rows of an alias are of the township in hand."""
EMPTY: Mapping[str, Any] = {}


def _told(sql: str) -> Any:
    """A correlated sub-select of JSON, written as SQL; it may name the parameter `today`."""
    statement = text(f"({sql})")
    if ":today" in sql:
        statement = statement.bindparams(bindparam("today", type_=Date()))
    return statement.columns(column("told", JSON())).scalar_subquery()


def _beside(table: str) -> Here:
    return f"{{0}}.county_code = {table}.county_code and {{0}}.township_code = {table}.township_code".format


def _printed(resource: Resource, beside: Mapping[str, Any] = EMPTY, **more: str) -> Resource:
    """The resource as it is printed, for the same readers: with its township's name, its newest entry, and `more`."""
    name = str(resource.table.__tablename__)
    here = _beside(name)
    entry = f"""select json_build_object('log', e.township_code, 'seq', e.seq, 'leaf_hash', encode(e.leaf_hash, 'hex'))
  from log_event e where {here("e")} and e.subject_id = {name}.id order by e.seq desc limit 1"""
    told = {"entry": entry, "township": f"select to_json(t.name) from townships t where {here('t')}", **more}
    extra = {**resource.extra, **{what: _told(sql) for what, sql in told.items()}, **beside}
    return Resource(resource.name, resource.table, resource.scope, extra, where=resource.where)


def _names(table: str, ids: str) -> str:
    """The names of the people whose ids a query gives, by id."""
    return f"""select coalesce(json_object_agg(p.id, p.name order by p.id), '{{}}') from people p
  where {_beside(table)("p")} and p.id in ({ids})"""


_OF_SIGNOFF = f"{_beside('signoffs')('x')} and x.signoff_id = signoffs.id"
SHEETS = _printed(
    SIGNOFFS,
    household=f"""select json_build_object('head_name', h.head_name, 'card_number', h.card_number,
    'group', h.group_name)
  from households h where {_beside("signoffs")("h")} and h.id = signoffs.household_id""",
    village=f"""select to_json(v.name) from villages v
  where {_beside("signoffs")("v")} and v.code = signoffs.village_code""",
    people=_names(
        "signoffs",
        f"""select unnest(array[x.person_id, x.recorder_id, x.witness_id]) from signoff_signatures x where {_OF_SIGNOFF}
  union select unnest(array[x.person_id, x.named_by]) from signoff_substitutes x where {_OF_SIGNOFF}
  union select x.person_id from signoff_remarks x where {_OF_SIGNOFF}""",
    ),
    members=f"""select coalesce(json_object_agg(m.id, m.name order by m.id), '{{}}') from household_members m
  where {_beside("signoffs")("m")} and m.id in (select x.member_id from signoff_signatures x where {_OF_SIGNOFF})""",
)
"""Sign-offs with the names of whoever signed; the household's head and card number go to whoever reads the sign-off."""

PUBLISHED = _printed(NOTICES)
"""Notices as published: nothing beside their own words and the township's name, least of all of a household (G30)."""

TALKS = _printed(
    CASES,
    people=_names(
        "cases",
        f"""select x.person_id from case_steps x where {_beside("cases")("x")} and x.case_id = cases.id
  union select cases.subject_person_id""",
    ),
    subject_name=f"""select to_json(coalesce(
    (select v.name from villages v where {_beside("cases")("v")} and v.code = cases.subject_village_code),
    (select u.name from units u where {_beside("cases")("u")} and u.id = cases.subject_unit_id)))""",
)
"""Cases with the names of their subject and of whoever recorded a step."""

QUARTERS = _printed(
    ROUNDS,
    rows=f"""select coalesce(json_agg(json_build_object('id', s.id, 'name', p.name, 'state', s.state,
    'result', (select json_build_object('outcome', r.outcome, 'methods', r.methods, 'missing', r.missing,
        'narrative', r.narrative, 'reason', r.reason, 'corrected', r.corrects_id is not null)
      from quarterly_results r where {_beside("s")("r")} and r.score_id = s.id order by r.number desc limit 1))
    order by p.name collate "C", s.id), '[]')
  from quarterly_scores s join people p on {_beside("s")("p")} and p.id = s.helper_id
  where {_beside("quarterly_rounds")("s")} and s.round_id = quarterly_rounds.id""",
)
"""Quarterly rounds with each helper's standing result, by name: nobody is ranked (G2)."""


# ── charts ───────────────────────────────────────────────────────────────────────────────────────


def draw_coverage(here: Here, year: str) -> str:
    """Who was drawn in which months of a year, and which months had no draw, as JSON."""
    months = month_states(here, f"make_date({year}, 1, 1)", f"make_date({year}, 12, 31)")
    return f"""
with m as ({months}),
d as (select o.id, m.month, m.state, o.missed_in_month, o.late, o.population, o.sample_size, o.frame,
               o.drawn_at is not null as drawn
        from m left join inspection_rounds o on {here("o")} and o.id = m.round_id),
c as (select d.month, i.helper_id, case when i.kind = 'additional' then 'additional' else i.state end as cell
        from d join inspections i on {here("i")} and i.round_id = d.id and i.superseded_by is null
      union all
      select d.month, f.helper_id, 'not_drawn' from d cross join lateral unnest(d.frame) as f(helper_id)
       where d.drawn and not exists (select 1 from inspections i where {here("i")} and i.round_id = d.id
                            and i.helper_id = f.helper_id)),
h as (select c.helper_id, json_object_agg(c.month, c.cell order by c.month) as months from c group by c.helper_id)
select json_build_object('year', {year},
  'months', (select coalesce(json_agg(json_build_object('month', d.month, 'state', d.state,
      'missed_in_month', d.state = 'missed_in_month', 'late', coalesce(d.late, false),
      'population', d.population, 'sample_size', d.sample_size) order by d.month), '[]') from d),
  'helpers', (select coalesce(json_agg(json_build_object('helper_id', h.helper_id, 'name', p.name, 'months', h.months)
      order by p.name collate "C", p.id), '[]')
    from h join people p on {here("p")} and p.id = h.helper_id))"""


def signoff_progress(here: Here, year: str) -> str:
    """How far the sign-offs of a year have come in each village, as JSON."""
    return f"""
with c as (select s.village_code, s.state, count(*) as many, count(*) filter (where s.objected) as objected
             from signoffs s where {here("s")} and s.year = {year} group by 1, 2),
v as (select c.village_code, sum(c.many)::int as many, sum(c.objected)::int as objected,
             json_object_agg(c.state, c.many order by c.state) as states from c group by 1)
select json_build_object('year', {year}, 'villages', (select coalesce(json_agg(json_build_object(
    'village_code', v.village_code, 'name', n.name, 'signoffs', v.many, 'objected', v.objected, 'states', v.states)
    order by v.village_code), '[]')
  from v left join villages n on {here("n")} and n.code = v.village_code))"""


def quarter_distribution(here: Here, year: str) -> str:
    """How many were assessed in each quarter of a year, and by which methods, as JSON."""
    return f"""
with q as (select to_char(d, 'YYYY-"Q"Q') as quarter
             from generate_series(greatest(make_date({year}, 1, 1), date '2016-10-01')::timestamp,
                                  make_date({year}, 12, 31)::timestamp, interval '3 months') d),
r as (select s.quarter, s.state, (select x.methods from quarterly_results x
              where {here("x")} and x.score_id = s.id order by x.number desc limit 1) as methods
        from quarterly_scores s where {here("s")} and s.quarter in (select quarter from q)),
c as (select r.quarter, r.state, count(*) as many from r group by 1, 2),
w as (select r.quarter, x.method, count(*) as many from r cross join lateral (
        select distinct y ->> 'method' as method from jsonb_array_elements(r.methods) y) x
      where r.state = 'assessed' group by 1, 2)
select json_build_object('year', {year}, 'quarters', (select json_agg(json_build_object(
    'quarter', q.quarter, 'state', coalesce(o.state, 'none'),
    'helpers', (select coalesce(json_object_agg(c.state, c.many order by c.state), '{{}}') from c
                 where c.quarter = q.quarter),
    'methods', (select coalesce(json_object_agg(w.method, w.many order by w.method), '{{}}') from w
                 where w.quarter = q.quarter)) order by q.quarter)
  from q left join quarterly_rounds o on {here("o")} and o.quarter = q.quarter))"""


def _chart(sql: Callable[[Here, str], str]) -> Prepared:
    """Of a township that uses this service: in any other each month would be one that was missed."""
    here = "{0}.county_code = :county_code and {0}.township_code = :township_code".format
    asked = f"select ({sql(here, 'cast(:year as int)')})::text from townships t where {here('t')}"
    types: dict[str, Any] = {**dict.fromkeys(KEYS, Text()), "year": Integer(), "today": Date()}
    named = [bindparam(name, type_=kind) for name, kind in types.items() if f":{name}" in asked]
    return Prepared(text(asked).bindparams(*named))


CHARTED = (draw_coverage, signoff_progress, quarter_distribution)
CHARTS = {sql.__name__: _chart(sql) for sql in CHARTED}


# ── the year-end package ─────────────────────────────────────────────────────────────────────────

_YEAR = table_of(YearEndSubmission)
_BESIDE = _beside("year_end_submissions")


def _all(resource: Resource, model: type[SQLModel], *on: Any, order: tuple[Any, ...]) -> Any:
    """What of a printed resource belongs to the submission, as a JSON array."""
    rows = select(*resource.columns).where(same_place(model, YearEndSubmission), *on).correlate(_YEAR).subquery("t")
    ordered = aggregate_order_by(func.row_to_json(literal_column("t")), *[rows.c[name] for name in order])
    listed = func.coalesce(func.json_agg(ordered), literal_column("'[]'::json"))
    return select(listed).select_from(rows).correlate(_YEAR).scalar_subquery()


EXPLAINED = _printed(
    Resource("annual-evaluations", AnnualEvaluation, EVALUATIONS.scope, extra=EVALUATIONS.extra),
    people=_names("annual_evaluations", "select annual_evaluations.helper_id"),
    households=f"""select coalesce(json_object_agg(h.id, json_build_array(h.card_number, h.head_name) order by h.id),
    '{{}}') from households h where {_beside("annual_evaluations")("h")}
     and h.id::text in (select x ->> 'household_id'
                          from jsonb_array_elements(annual_evaluations.proposal -> 'households') x)""",
)
"""Evaluations with their explanation, and what the register calls the households in it."""

_HANDED_IN = f"""
select year_end_submissions.id
 union select s.id from signoffs s where {_BESIDE("s")} and s.year = year_end_submissions.year
 union select v.id from annual_evaluations v where {_BESIDE("v")} and v.year = year_end_submissions.year
 union select o.id from inspection_rounds o
        where {_BESIDE("o")} and left(o.month, 4) = year_end_submissions.year::text
 union select i.id from inspections i where {_BESIDE("i")} and left(i.month, 4) = year_end_submissions.year::text
 union select r.id from quarterly_rounds r
        where {_BESIDE("r")} and left(r.quarter, 4) = year_end_submissions.year::text
 union select q.id from quarterly_scores q
        where {_BESIDE("q")} and left(q.quarter, 4) = year_end_submissions.year::text"""
"""The records that the package shows."""
_NEW_YEAR = "make_timestamptz(year_end_submissions.year{}, 1, 1, 0, 0, 0, 'Asia/Shanghai')".format
_LEDGER = {
    "at_county": "year_end_submissions.county_code", "at_log": "year_end_submissions.township_code",
    "year": "year_end_submissions.year", "from_moment": _NEW_YEAR(""), "until_moment": _NEW_YEAR(" + 1"),
    "today": "(:today)", "after": "'00000000-0000-0000-0000-000000000000'", "many": "null",
}  # fmt: skip
"""All rows of the year's two ledgers."""
PACKAGES = _printed(
    SUBMISSIONS,
    beside={
        "sheets": _all(SHEETS, Signoff, col(Signoff.year) == _YEAR.c.year, order=("village_code", "id")),
        "rounds": _all(
            QUARTERS,
            QuarterlyRound,
            func.left(col(QuarterlyRound.quarter), 4) == cast(_YEAR.c.year, Text()),
            order=("quarter",),
        ),
        "explained": _all(EXPLAINED, AnnualEvaluation, col(AnnualEvaluation.year) == _YEAR.c.year, order=("id",)),
    },
    **{sql.__name__: sql(_BESIDE, "year_end_submissions.year") for sql in CHARTED},
    helpers=HELPERS.inside(**_LEDGER),
    households=HOUSEHOLD_EXITS.inside(**_LEDGER),
    signed=f"""with w as materialized (select greatest(
    (select max(n.seq) from ({_HANDED_IN}) r cross join lateral (
       select e.seq from log_event e where {_BESIDE("e")} and e.subject_id = r.id order by e.seq desc limit 1) n),
    (select e.seq from log_event e where {_BESIDE("e")} and e.at < {_NEW_YEAR(" + 1")} order by e.seq desc limit 1)
  ) as seq)
select json_build_object('last_entry', w.seq, 'size', c.size, 'note', c.note)
  from w join log_checkpoint c on {_BESIDE("c")} and c.size > w.seq order by c.size limit 1""",
)
"""A submission with everything that goes to the Party committee, in one statement and so of one moment; and the first
signed checkpoint that covers all of it."""
