"""Does a read see the caller as he is now, though its statement was chosen by who he was? And is it a read only?"""

import psycopg
import pytest

from app.database import Prepared, behind_the_door
from tests.conftest import Counter, Service, Township


def test_who_came_before_needs_one_round_trip(township: Township, counter: Counter) -> None:
    household, helper = township.helped()
    for expected in (2, 1, 1):
        counter.seen.clear()
        helper.read(f"/households/{household}")
        assert len(counter.work()) == expected


def test_an_office_given_or_taken_counts_at_once(township: Township, counter: Counter) -> None:
    """Both ways, for a record and for a list, and in two round trips at the most."""
    household = township.helped()[0]
    person = township.person()
    stranger = township.account(person)
    assert stranger.get(f"/households/{household}").status_code == 404
    assert stranger.read("/households")["items"] == []
    office = township.appoint(person, "leading_group_office")
    counter.seen.clear()
    assert [h["id"] for h in stranger.read("/households")["items"]] == [household]
    assert len(counter.work()) == 2
    assert stranger.get(f"/households/{household}").status_code == 200
    township.at("2016-11-10")
    version = {"if_match": f'"{office["version"]}"'}
    assert township.admin.post(f"/appointments/{office['id']}/end", {"ends": "2016-11-10"}, **version).is_success
    assert stranger.read("/households")["items"] == []
    assert stranger.get(f"/households/{household}").status_code == 404


def test_an_account_disabled_reads_nothing_more(township: Township) -> None:
    helper = township.helped()[1]
    helper.read("/households")
    account = township.admin.read(f"/accounts/{helper.account_id}")
    version = {"if_match": f'"{account["version"]}"'}
    assert township.admin.post(f"/accounts/{helper.account_id}/disable", {}, **version).is_success
    assert helper.get("/households").status_code == 401


@pytest.fixture
def application(service: Service):
    with psycopg.connect(service.database_url, autocommit=True) as connection:
        connection.execute("set role huayuan_app")
        yield connection


PEOPLE = "select name from people where county_code = '411421' limit 1"


@pytest.mark.one_server("a cluster asks the door by itself")
def test_the_context_stands_before_a_table_is_looked_at(township: Township, application: psycopg.Connection) -> None:
    """By the door on the outer side; the same statement with the door behind the table finds nothing."""
    statement = Prepared.__new__(Prepared)
    statement.sql, statement.names, statement._defaults, statement._process = PEOPLE, [], {}, {}
    sql = behind_the_door(statement).sql
    place = ("411421", township.code, township.admin.account_id or "01920000-0000-7000-8000-000000000001")
    values = [f"'{value}'" for value in place]
    for number, value in enumerate(values, 1):
        sql = sql.replace(f"${number}", value)
    assert application.execute(sql).fetchone()[1] is not None
    door = f"select enter_to_read({', '.join(values)}) as entered"
    first = f"select * from ({PEOPLE}) p offset 0"
    behind = f"select r.*, e.* from ({first}) r, lateral ({door} where r.name is not null) e"
    assert application.execute(behind).fetchone() is None
    assert application.execute(PEOPLE).fetchone() is None, "and nothing of the context is left"


def test_a_read_changes_nothing(township: Township, application: psycopg.Connection) -> None:
    someone = "01920000-0000-7000-8000-000000000001"
    write = "select log_open('411421', '411421999')"
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        application.execute(f"select enter_to_read('411421', '{township.code}', '{someone}'), ({write})::text")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(write)
