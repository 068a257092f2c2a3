"""Where shards are: their prefixes, their slots, and the numbers in ids."""

import itertools

import pytest

from lightjobs.engines.redis.ids import new_ids
from lightjobs.engines.sharded.places import (
    SLOTS,
    number_in,
    place_of,
    prefix_of,
    slot_of,
    suffix_of,
)
from lightjobs.errors import SettingsError


def slots(prefix, count):
    return sorted(slot_of(f"{prefix_of(prefix, number)}queues") for number in range(count))


@pytest.mark.slow
def test_a_slot_is_what_redis_says(clean_cluster):
    keys = ["jobs:queues", "{jobs}:queues", "jobs:{#3wr}:queues", "a{}b{c}", "ü{é}", "}{x}"]
    with clean_cluster.nodes[0].client() as client:
        found = [client.execute_command("CLUSTER", "KEYSLOT", key) for key in keys]
    assert [slot_of(key) for key in keys] == found


@pytest.mark.parametrize("prefix", ["jobs:", "{jobs}:", "app:{x}:jobs:", ""])
@pytest.mark.parametrize("count", [2, 4, 16, 64, 256])
def test_a_power_of_two_of_shards_is_spread_evenly_over_the_slots(prefix, count):
    found = slots(prefix, count)
    part = SLOTS // count
    gaps = [later - earlier for earlier, later in itertools.pairwise(found)]
    assert all(abs(gap - part) < 33 for gap in gaps)


@pytest.mark.parametrize("nodes", [3, 4, 5, 6, 8])
def test_equal_ranges_of_nodes_have_equally_many_of_64_shards(nodes):
    counts = [0] * nodes
    for slot in slots("{jobs}:", 64):
        counts[slot * nodes // SLOTS] += 1
    assert max(counts) - min(counts) <= 2


def test_shard_0_has_the_prefix_of_the_settings():
    assert prefix_of("app:jobs:", 0) == "app:jobs:"
    assert suffix_of(0) == ""


def test_a_shard_stays_where_it_is_however_many_there_are_and_in_each_process():
    assert prefix_of("jobs:", 3) == "jobs:{#3wr}:"
    assert prefix_of("{jobs}:", 259) == "{jobs#259gv}:"
    assert place_of("key:Report:7", 16) == 4


def test_a_prefix_keeps_what_is_around_its_hash_tag():
    assert prefix_of("app:{x}:jobs:", 1).startswith("app:{x#1")
    assert prefix_of("app:{x}:jobs:", 1).endswith("}:jobs:")


@pytest.mark.parametrize("prefix", ["{}jobs:", "jobs{:", "a{}{b}:"])
def test_a_prefix_with_a_brace_and_no_hash_tag_is_refused(prefix):
    with pytest.raises(SettingsError, match=r"hash tag, such as \{jobs\}:"):
        prefix_of(prefix, 1)


@pytest.mark.parametrize("number", [0, 1, 15, 256, 4095])
def test_an_id_names_its_shard(number):
    (job_id,) = new_ids(1, suffix_of(number))
    assert number_in(job_id) == number


@pytest.mark.parametrize("job_id", ["", "-", "7", "job_65f1", "job_65f1.12", "a-b", "x-٣", "a-1b"])
def test_an_id_that_names_no_shard_is_of_shard_0(job_id):
    assert number_in(job_id) == 0
