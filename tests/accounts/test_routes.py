"""Does one sign in, stay signed in and get signed out as the contract says?"""

import httpx
import pytest


def test_sign_in_with_a_password_and_refresh(township):
    client = httpx.Client(base_url=township.service.address)
    form = {"grant_type": "password", "username": f"{township.code}/admin", "password": "correct horse battery"}
    first = client.post("/v1/oauth/token", data=form)
    assert first.status_code == 200, first.text
    me = client.get("/v1/me", headers={"authorization": f"Bearer {first.json()['access_token']}"})
    assert me.json()["appointments"][0]["office"] == "administrator"
    again = {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}
    second = client.post("/v1/oauth/token", data=again)
    assert second.status_code == 200, second.text
    assert client.post("/v1/oauth/token", data=again).json() == {"error": "invalid_grant"}
    family = {"grant_type": "refresh_token", "refresh_token": second.json()["refresh_token"]}
    assert client.post("/v1/oauth/token", data=family).status_code == 400, "reuse revokes the family"
    assert client.post("/v1/oauth/token", data=form | {"password": "wrong"}).status_code == 400


@pytest.mark.parametrize(("action", "body"), [("reset", {"password": "another long secret"}), ("disable", None)])
def test_a_reset_or_disabled_account_is_signed_out(township, action, body):
    login = {"login": "clerk", "password": "correct horse battery", "person_id": township.person()}
    account = township.admin.made("/accounts", login)["id"]
    client = httpx.Client(base_url=township.service.address)
    form = {"grant_type": "password", "username": f"{township.code}/clerk", "password": "correct horse battery"}

    def refreshed(token):
        form = {"grant_type": "refresh_token", "refresh_token": token}
        answer = client.post("/v1/oauth/token", data=form)
        return answer.json().get("refresh_token") or answer.json()["error"]

    token = client.post("/v1/oauth/token", data=form).json()["refresh_token"]
    assert (renewed := refreshed(token)) != "invalid_grant"
    township.admin.act(f"/accounts/{account}", action, body)
    assert refreshed(renewed) == "invalid_grant"
