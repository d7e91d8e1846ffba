"""Do the pages of the document work where nothing but this service can be reached?"""

import re

import httpx
import pytest

ADDRESS = re.compile(r"""(?:src|href)=["']((?:https?:)?//[^"']+)""")


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_of_the_document_needs_no_other_server(service, page):
    client = httpx.Client(base_url=service.address)
    answer = client.get(page)
    assert answer.status_code == 200
    assert ADDRESS.findall(answer.text) == []
    assets = re.findall(r"""["'](/docs/assets/[^"']+)["']""", answer.text)
    assert len(assets) >= 2
    for asset in assets:
        assert client.get(asset).status_code == 200, asset
    assert "/openapi.json" in answer.text
    assert client.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_the_pages_that_fastapi_makes_by_itself_would_be_caught():
    from fastapi.openapi.docs import get_swagger_ui_html

    page = get_swagger_ui_html(openapi_url="/openapi.json", title="x")
    assert ADDRESS.findall(bytes(page.body).decode())
