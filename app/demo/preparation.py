"""How does the township begin? Units, people, offices, accounts, households and their helpers."""

from huayuan_client import api

from app.demo.desk import Desk, everyone
from app.demo.people import START, TOWNSHIP, UNITS, Household, Person
from app.demo.service import ADMIN_LOGIN, ADMIN_PASSWORD, CLIENT_LOGIN, CLIENT_SECRET
from app.demo.town import Town, on

GIVEN = "演示用初始密码,登录后即改"
"""The password that the administrator gives everybody, good only for setting one's own."""


@on("2016-11-09 08:00")
async def register_people(town: Town) -> None:
    """登记单位、人员、任职和账号"""
    levels = dict(UNITS)
    units = town.register.units.items()
    await everyone(
        town.admin.ask(api.units_create({"id": key, "name": name, "level": levels[name]})) for name, key in units
    )
    await everyone(_register(town, person) for person in town.register.people.values())


async def _register(town: Town, person: Person) -> None:
    await town.admin.ask(api.people_create({
        "id": person.id, "name": person.name, "category": person.category, "management_authority": person.authority,
        "party_membership": person.party, "unit_id": town.register.units[person.unit] if person.unit else None,
        "phone": f"000{person.citizen_id[-9:-1]}", "citizen_id": person.citizen_id,
    }))  # fmt: skip
    for office, place, starts in person.offices:
        held = api.appointments_create({"person_id": person.id, "office": office, "place": place, "starts": starts})
        await town.admin.ask(held)
    await town.admin.ask(api.accounts_create({"login": person.key, "password": GIVEN, "person_id": person.id}))
    await town.desk(person).choose_password(GIVEN)


@on("2016-11-09 09:00")
async def let_the_county_read(town: Town) -> None:
    """县级管理员为县级业务系统建立客户端"""
    county = Desk(town.line, f"{TOWNSHIP[:6]}/{ADMIN_LOGIN}", ADMIN_PASSWORD)
    await county.ask(api.clients_create({"login": CLIENT_LOGIN, "secret": CLIENT_SECRET, "scopes": ["read", "events"]}))


@on("2016-11-09 10:00")
async def register_households(town: Town) -> None:
    """登记建档立卡贫困户并结对帮扶"""
    await everyone(_household(town, household) for household in town.register.households)


async def _household(town: Town, household: Household) -> None:
    office = town.desk("leading-group-office-1")
    await office.ask(api.households_create({
        "id": household.id, "card_number": household.card_number, "village_code": household.village,
        "head_name": household.head.name, "attribute": household.attribute, "main_cause": household.cause,
        "listed_on": "2016-01-01",
        "members": [
            {"id": m.id, "name": m.name, "relation": m.relation, "citizen_id": m.citizen_id} for m in household.members
        ],
    }))  # fmt: skip
    helper = town.helper_of(household)
    town.pairings[household.number] = await office.ask(api.pairings_create({
        "household_id": household.id, "helper_id": helper.id, "is_primary": True, "starts": START.isoformat(),
    }))  # fmt: skip
