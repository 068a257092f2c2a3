from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightjobs.engines.control import Engine
from tests.support.stores import STORES, Store, migrated

VARIANTS = {"valkey", "cluster", "sharded", "pgbouncer", "mysql"}
"""Stores that run the same scripts or statements as another, at another server."""

CORE = {
    *("test_claim", "test_push", "test_push_slots", "test_recover"),
    *("test_settle", "test_settle_fences"),
}
"""What `make test` proves on the variants too, in full. Of every other module it runs one test on
each, and `make test-long` runs the rest."""


WITHIN_A_SHARD = {
    "an order, which holds within a shard": {
        "test_queues_are_served_in_strict_order",
        "test_higher_priority_goes_first",
        "test_priority_beats_due_time",
        "test_due_time_beats_birth",
        "test_the_fraction_of_the_due_time_counts_in_the_order",
        "test_the_order_holds_over_several_claims",
        "test_claim_takes_no_job_of_a_handler_that_is_skipped",
        "test_skipping_looks_past_many_jobs_in_each_queue_and_priority",
        "test_the_wait_of_each_job_of_a_batch_is_its_own",
        "test_a_resumed_job_takes_its_old_place",
        "test_a_paused_queue_gives_nothing_and_others_go_on",
        "test_it_may_be_a_claim_alone",
        "test_the_last_of_many_replaces_the_first",
    },
    "turns of groups, which take turns within a shard": {
        "test_a_small_group_does_not_wait_for_a_large_one",
        "test_groups_take_turns_of_one_job",
        "test_of_few_groups_each_claim_takes_as_many",
        "test_jobs_without_a_group_are_one_of_the_groups",
        "test_a_higher_priority_goes_before_all_turns",
        "test_jobs_that_go_back_keep_their_group",
    },
    "one request that reaches all jobs at once, and it asks one shard": {
        "test_other_verbs_and_requests_do_not_mix_with_it",
    },
    "jobs with a key and a group, which several shards refuse": {
        "test_a_few_orders",
        "test_many_orders",
        "test_other_orders_each_time",
    },
}
"""What the tests of these names expect that is not promised across shards."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of variants that `make test` leaves out."""
    seen = set()
    for item in items:
        found = item.callspec.params.get("store") if hasattr(item, "callspec") else None
        module = item.path.stem
        if item.path.parent.name == "contract" and found in VARIANTS and module not in CORE:
            if (module, found) in seen:
                item.add_marker(pytest.mark.long)
            seen.add((module, found))
        if item.path.stem == "test_move_ties" and "to-sharded" in item.name:
            tied = "test_jobs_of_a_batch", "test_only_jobs_of_batches", "test_a_window_whose_job"
            if not item.name.startswith(tied):
                item.add_marker(pytest.mark.skip("jobs with ties do not arrive in shards"))
        if found == "sharded":
            for what, names in WITHIN_A_SHARD.items():
                if item.originalname in names:  # type: ignore[attr-defined]
                    item.add_marker(pytest.mark.skip(f"it expects {what}"))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made = migrated(request.param, request)
    yield made
    made.engine.close()


@pytest.fixture
def engine(store: Store) -> Engine:
    return store.engine


@pytest.fixture
def environment(store: Store) -> dict[str, str]:
    if store.environment is None:
        pytest.skip("this store lives in one process")
    return store.environment
