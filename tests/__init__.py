import pytest

# pytest explains a failed assert in the modules it collects, and in those that are named here.
pytest.register_assert_rewrite(
    "tests.support",
    "tests.contract.support",
    "tests.unit.support",
    "tests.unit.working",
)
