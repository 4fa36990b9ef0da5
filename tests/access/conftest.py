"""The systems of tests/api, for tests of who may see what."""

from tests.api.conftest import archive, fresh, make_system, tools

__all__ = ["archive", "fresh", "make_system", "tools"]
