"""Do the articles hold that belong to no single feature: principles, true recording, privacy, commencement?"""

import json
from datetime import date

import psycopg
import pytest

from app import merkle
from app.evaluations.rules import Facts, propose
from app.rulebook.rules import huayuan


def test_R2_1_the_year_is_judged_with_its_months_and_quarters_beside_it():
    """平时考核与年度考核相结合: the year's explanation carries both, and neither turns into a score."""
    signed = {
        "household_id": "h1", "assigned_from": "2017-01-05", "signoff_id": "s1", "signoff_state": "reviewed",
        "out_of_poverty": True, "confirmed_on": "2017-12-10",
    }  # fmt: skip
    months = [{"period": "2017-01", "state": "recorded", "record_id": "i1"}, {"period": "2017-02", "state": "missed"}]
    quarters = [{"period": "2017-Q1", "state": "assessed", "record_id": "q1"}]
    record = {"year": 2017, "households": [signed], "months": months, "quarters": quarters}
    with_both = propose(Facts.of(record))
    assert [month.period for month in with_both.months] == ["2017-01", "2017-02"]
    assert [quarter.period for quarter in with_both.quarters] == ["2017-Q1"]
    assert propose(Facts.of(record | {"months": [], "quarters": []})).outcome == with_both.outcome


def test_R12_the_regulation_is_in_force_from_the_ninth_of_november_2016():
    last = huayuan().clauses[-1]
    assert (last.printed_label, last.text) == ("7、", "本办法自2016年11月9日起执行。")
    assert (huayuan().effective_from, huayuan().effective_to) == (date(2016, 11, 9), None)


@pytest.mark.parametrize(
    "forgery",
    [
        "update log_event set leaf = 'x' where county_code = '411421'",
        "update log_event set disclosed = null where county_code = '411421'",
        "delete from log_event where county_code = '411421'",
        "update log_head set size = 0 where county_code = '411421'",
        "insert into log_head (county_code, township_code, size, frontier, root) values ('411421', '0', 0, '', '')",
        "truncate log_event",
    ],
)
def test_R5_2_what_was_recorded_cannot_be_changed_by_the_service_itself(township, forgery):
    """如实记载: the role the service works under may not touch the log but through its one function."""
    with psycopg.connect(township.service.database_url) as connection:
        connection.execute("set role huayuan_app")
        connection.execute(f"set app.county = '411421'; set app.township = '{township.code}'")
        assert connection.execute("select count(*) from log_event").fetchone() != (0,), "it does see the log"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(forgery)


def test_G54_a_household_members_number_is_kept_sealed_and_erasing_values_leaves_every_proof_whole(township):
    """What stands in the log of a person are commitments; the values beside them can go, and the root stays."""
    number = "11010519491231002X"
    office = township.office("leading_group_office")
    person = office.made("/people", {"name": "欧阳娜娜", "category": "other", "citizen_id": number})["id"]
    with psycopg.connect(township.service.database_url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'select t::text from "{table}" t').fetchall()
            assert not any(number in row or number.encode().hex() in row for (row,) in rows), table
        at = [township.code]
        before = connection.execute("select root from log_head where township_code = %s", at).fetchone()
        erased = connection.execute("update log_event set disclosed = null where subject_id = %s", [person]).rowcount
        connection.commit()
        assert erased
        leaves = connection.execute("select leaf from log_event where township_code = %s order by seq", at).fetchall()
    assert merkle.root([merkle.leaf_hash(bytes(leaf)) for (leaf,) in leaves]) == bytes(before[0])
    told = [bytes(leaf).decode() for (leaf,) in leaves if json.loads(bytes(leaf))["subject"]["id"] == person]
    assert told
    assert not any("欧阳娜娜" in leaf for leaf in told)
    entries = office.read(f"/ledger/{township.code}/entries", limit=200)["items"]
    assert [e["disclosed"] for e in entries if e["subject_id"] == person] == [None] * erased
