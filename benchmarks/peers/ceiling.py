"""What Redis gives a Python loop that does nothing but claim, decode and acknowledge.

    python -m benchmarks.peers.ceiling JOBS BATCH

One script both deletes the batch before and takes the next: no worker, fence, status or attempts.
Prints jobs per second.
"""

from __future__ import annotations

import json
import os
import sys
import time

import redis

_CLAIM = """
for index = 2, #ARGV do redis.call('DEL', 'bare:job:' .. ARGV[index]) end
local ids = redis.call('ZRANGE', 'bare:queue', 0, ARGV[1] - 1)
if #ids == 0 then return {} end
redis.call('ZREM', 'bare:queue', unpack(ids))
local found = {}
for _, id in ipairs(ids) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', 'bare:job:' .. id, 'payload')
end
return found
"""


def main(jobs: int, batch: int) -> float:
    """Fill, then drain; returns jobs per second."""
    client = redis.Redis.from_url(os.environ["BENCH_REDIS"])
    for start in range(0, jobs, 1000):
        with client.pipeline(transaction=False) as pipe:
            for number in range(start, min(start + 1000, jobs)):
                pipe.hset(f"bare:job:{number}", items=["handler", "Noop", "payload", '{"n":1}'])
                pipe.zadd("bare:queue", {str(number): number})
            pipe.execute()
    claim = client.register_script(_CLAIM)
    ids: list[bytes] = []
    ran = 0
    started = time.perf_counter()
    while found := claim(args=[batch, *ids]):
        ids = found[::2]
        for payload in found[1::2]:
            json.loads(payload)
            ran += 1
    assert ran == jobs
    return jobs / (time.perf_counter() - started)


if __name__ == "__main__":
    print(main(int(sys.argv[1]), int(sys.argv[2])))
