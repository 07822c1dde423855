"""The portal at one fixed instant, and a signed-in client for each role."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.portal.world import TODAY, World, make_world

SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _fixed_clock(settings: object) -> None:
    settings.RATECARD_CLOCK = "tests.portal.world.today"  # type: ignore[attr-defined]


@pytest.fixture
def world(db: None) -> World:
    return make_world(at=TODAY)


@pytest.fixture
def sign_in(world: World) -> SignIn:
    """Return a client signed in as a role, in English unless told otherwise."""

    def signed_in(role: str = "owner", language: str = "en") -> Client:
        client = Client()
        client.force_login(world.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
        client.cookies["django_language"] = language
        return client

    return signed_in
