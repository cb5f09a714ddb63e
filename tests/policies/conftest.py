from __future__ import annotations

import pytest

from tests.policies.world import World, world


@pytest.fixture
def case(request: pytest.FixtureRequest) -> World:
    """The platform in a folder."""
    return world(request.param)
