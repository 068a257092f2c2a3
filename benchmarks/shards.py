"""What shards cost, and how evenly they load the nodes of a Redis Cluster of three nodes.

    python -m benchmarks.shards [--jobs N] [--shards 1,16,32] [--rounds N]

Jobs are pushed ten at a time, claimed 50 at a time and settled with the next claim, by one process.
For each number of shards: the commands and bytes of each node as a share of the mean of all nodes
(1.00 is even), and the processor time of a job, of the process and of the servers together, beside
that with one shard on the same cluster. The numbers take turns, and each figure of time is the best
of all rounds.
"""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

from lightjobs.engines.control import Engine
from lightjobs.model import Done, NewJob, Outcome
from tests.support.environment import engine_of
from tests.support.servers.cluster import Cluster, redis_cluster

PUSHED = 10
CLAIMED = 50
QUEUES = ["default"]


class Load(NamedTuple):
    """What a node, or all of them, has done."""

    commands: float
    bytes: float
    seconds: float


class Cost(NamedTuple):
    """Of so many jobs."""

    nodes: list[Load]
    seconds: float
    """The processor time of the process."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--shards", default="1,16,32,64")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    counts = list(map(int, options.shards.split(",")))
    print(f"{options.jobs:,} jobs, three nodes")
    print(
        f"{'shards':>6}  {'commands of each node':<24}{'bytes of each node':<24}"
        f"{'µs/job process':>15}{'servers':>9}{'beside one':>12}"
    )
    found: dict[int, list[Cost]] = {count: [] for count in counts}
    with redis_cluster() as cluster:
        for _ in range(options.rounds):
            for count in counts:
                found[count].append(_cost(cluster, count, options.jobs))
    one = 0.0
    for count, costs in found.items():
        own = min(cost.seconds for cost in costs) / options.jobs * 1e6
        servers = min(sum(node.seconds for node in cost.nodes) for cost in costs)
        servers *= 1e6 / options.jobs
        one = one or own + servers
        nodes = costs[0].nodes
        print(
            f"{count:>6}  {_shares([node.commands for node in nodes]):<24}"
            f"{_shares([node.bytes for node in nodes]):<24}"
            f"{own:>15.1f}{servers:>9.1f}{(own + servers) / one:>11.2f}x"
        )


def _shares(loads: list[float]) -> str:
    mean = sum(loads) / len(loads)
    return " ".join(f"{load / mean:.2f}" for load in loads)


def _cost(cluster: Cluster, shards: int, jobs: int) -> Cost:
    cluster.empty()
    engine = engine_of(
        {
            **cluster.environment,
            "REDIS_JOB_PREFIX": "{jobs}:",
            "REDIS_JOB_SHARDS": str(shards),
        }
    )
    _run(engine, jobs // 20)  # connects, and loads the scripts
    before, began = _loads(cluster), time.process_time()
    _run(engine, jobs)
    seconds, after = time.process_time() - began, _loads(cluster)
    engine.close()
    nodes = [
        Load(*(later - sooner for later, sooner in zip(new, old, strict=True)))
        for new, old in zip(after, before, strict=True)
    ]
    return Cost(nodes, seconds)


def _run(engine: Engine, jobs: int) -> None:
    """Push jobs and work them."""
    for _ in range(jobs // PUSHED):
        engine.push([NewJob("App\\Jobs\\Nothing", "default", '{"n":1}')] * PUSHED)
    name = f"worker-{time.monotonic_ns()}"
    engine.register(name, 600.0)
    left = jobs // PUSHED * PUSHED
    outcomes: list[Outcome] = []
    while left:
        pending = engine.settle_and_claim(name, outcomes, QUEUES, CLAIMED)
        left -= len(pending.settlements())
        outcomes = [Done(claim.id, claim.fence) for claim in pending.claims()] if left else []


def _loads(cluster: Cluster) -> list[Load]:
    loads = []
    for node in cluster.nodes:
        with node.client() as client:
            stats, cpu = client.info("stats"), client.info("cpu")
        both = stats["total_net_input_bytes"] + stats["total_net_output_bytes"]
        seconds = cpu["used_cpu_user"] + cpu["used_cpu_sys"]
        loads.append(Load(stats["total_commands_processed"], both, seconds))
    return loads


if __name__ == "__main__":
    main()
