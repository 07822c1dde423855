"""An address that names nothing: inside the portal for its members, plainly for everybody else."""

import pytest
from django.test import Client

from tests.portal.conftest import SignIn
from tests.portal.world import World


@pytest.mark.parametrize("address", ["/nowhere/", "/invoices/inv_0000000000000000/"])
@pytest.mark.parametrize(("language", "said"), [("en", "There is nothing here"), ("zh-hans", "页面不存在")])
def test_a_member_stays_in_the_portal(
    world: World, sign_in: SignIn, address: str, language: str, said: str
) -> None:
    response = sign_in("owner", language).get(address)
    page = response.content.decode()

    assert response.status_code == 404
    assert 'href="/subscriptions/"' in page  # the menu
    assert world.customer.name in page
    assert said in page


@pytest.mark.parametrize("address", ["/nowhere/", "/admin/nowhere/", "/api/v1/nowhere"])
def test_a_stranger_sees_no_portal(db: None, address: str) -> None:
    response = Client().get(address, follow=False)

    assert response.status_code in (302, 404)
    assert 'href="/subscriptions/"' not in response.content.decode()
