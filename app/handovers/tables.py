"""Which entries make a case, and which checkpoint covers them? One statement; nothing is stored here."""

from typing import Any

from sqlalchemy import Text, bindparam, text
from sqlalchemy.types import Uuid

from app.database import KEYS, UTC_TIMESTAMP, Prepared

HERE = "{0}.county_code = :county_code and {0}.township_code = :township_code".format
OWN_EVENT = "case.handed_over"
"""Left out of what is handed over, so that handing it over changes nothing of it."""


def _prepared(sql: str, *params: Any) -> Prepared:
    return Prepared(text(sql).bindparams(*[bindparam(name, type_=Text()) for name in KEYS], *params))


FILE = _prepared(
    f"""
with mine as (
  select cast(:case as uuid) as id
  union select f.finding_id from case_findings f where {HERE("f")} and f.case_id = :case
  union select n.id from notices n where {HERE("n")} and n.case_id = :case
  union select o.id from objections o where {HERE("o")} and o.case_id = :case
  union select r.id from case_recusals r where {HERE("r")} and r.case_id = :case),
own as (
  select e.* from log_event e join mine on mine.id = e.subject_id where {HERE("e")} and e.event <> '{OWN_EVENT}'),
named as (
  select e.* from log_event e
   where {HERE("e")} and e.subject_id = cast(:person as uuid) and e.event in ('person.created', 'person.changed')
     and e.disclosed ? 'name' and e.seq < (select max(seq) from own)),
told as (select * from own union all select * from named)
select json_build_object(
  'entries', (select json_agg(json_build_object(
      'log', t.township_code, 'seq', t.seq, 'event', t.event, 'subject_id', t.subject_id, 'helper_id', t.helper_id,
      'household_id', t.household_id, 'happened_at', to_char(t.at at time zone 'UTC', '{UTC_TIMESTAMP}'),
      'leaf_hash', encode(t.leaf_hash, 'hex'), 'leaf', convert_from(t.leaf, 'UTF8'), 'disclosed', t.disclosed)
      order by t.seq) from told t),
  'evidence', (select coalesce(json_object_agg(a.sha256, json_build_object('object', a.object, 'size', a.size)), '{{}}')
     from attachments a where {HERE("a")} and a.object is not null and a.id in (
       select cast(n ->> 'id' as uuid) from told t,
         jsonb_array_elements(convert_from(t.leaf, 'UTF8')::jsonb -> 'data' -> 'attachments') n)),
  'signed', (select json_build_object('size', c.size, 'note', c.note) from log_checkpoint c
     where {HERE("c")} and c.size > (select max(seq) from own) order by c.size limit 1))::text
""",
    bindparam("case", type_=Uuid()),
    bindparam("person", type_=Uuid()),
)
"""The entries of a case, its findings, notices, objections and recusals, and those that name its subject, in the order
of the log; with the first signed checkpoint that covers the case, as the log's keeper alone signed it. And where the
files lie whose hashes these entries name."""
