<?php

declare(strict_types=1);

require __DIR__ . '/store.php';

class Queue
{
    final public function __construct(protected Store $store, protected string $prefix)
    {
    }

    public static function connect(): static
    {
        return new static(Store::connect(), getenv('REDIS_JOB_PREFIX') ?: 'jobs:');
    }

    public function dispatch(string $handler, array $payload, string $delay, string $queue): string
    {
        $job = [
            'id' => uniqid('job_', true),
            'handler' => $handler,
            'payload' => json_encode($payload),
            'scheduled_at' => self::moment($delay),
            'status' => 'new',
            'queue' => $queue,
            'attempts' => 0,
            'created_at' => self::moment('now'),
        ];
        $this->store->write($this->job($job['id']), $job);
        $this->add($job);

        return $job['id'];
    }

    public function claim(?string $queue): ?array
    {
        foreach ($queue === null ? $this->queues() : [$queue] as $name) {
            if ($job = $this->claimFrom($name)) {
                return $job;
            }
        }

        return null;
    }

    public function delete(string $id): void
    {
        $this->store->redis->del($this->job($id));
        $this->store->redis->zRem($this->failed(), $id);
    }

    /** The text stored; null where there is no such job. */
    public function fail(string $id, Throwable $error): ?string
    {
        if (! $job = $this->store->read($this->job($id))) {
            return null;
        }
        $job['status'] = 'failed';
        $job['exception'] = (string) $error;
        $job['failed_at'] = self::moment('now');
        $this->store->write($this->job($id), $job);
        $this->store->redis->zAdd($this->failed(), time(), $id);

        return $job['exception'];
    }

    /** @param string $queue the one in the worker's copy of the job, not the stored one */
    public function release(string $id, string $queue, string $delay): void
    {
        if (! $job = $this->store->read($this->job($id))) {
            return;
        }
        $this->store->write($this->job($id), $job = self::renewed($job, $delay));
        $this->add(['queue' => $queue] + $job);
        $this->store->redis->zRem($this->failed(), $id);
    }

    /** How many were put back. */
    public function retry(?string $id, ?string $queue): int
    {
        if ($id !== null) {
            return $this->retryOne($id);
        }
        $count = 0;
        foreach ($this->store->redis->zRange($this->failed(), 0, -1) as $id) {
            $of = $queue === null ? null : $this->store->read($this->job($id))['queue'] ?? false;
            $count += $of === $queue ? $this->retryOne($id) : 0;
        }

        return $count;
    }

    /** @return array<string, mixed> with "canonical": is the text what PHP itself would write? */
    public function show(string $id): array
    {
        $redis = $this->store->redis;
        $job = $this->store->read($this->job($id));
        $queue = is_array($job) ? $this->queue($job['queue']) : null;
        $score = static fn (?string $key) => $key && ($at = $redis->zScore($key, $id)) ? $at : null;

        return [
            'type' => $redis->type($this->job($id)),
            'job' => $job,
            'canonical' => $job === null ? null : serialize($job) === $redis->get($this->job($id)),
            'queued' => $score($queue),
            'failed' => $score($this->failed()),
        ];
    }

    public function size(string $queue): int
    {
        return $this->store->redis->zCard($this->queue($queue));
    }

    /**
     * Claim and complete `$limit` jobs, null: all until the queue is empty; each adds a line to `$book`
     * as Python's handlers do. A claim lost to another worker is no end: it looks again.
     */
    public function work(string $queue, string $book, ?int $limit): int
    {
        $count = 0;
        $book = fopen($book, 'a');
        while ($limit === null ? $this->size($queue) > 0 : $count < $limit) {
            if (! $job = $this->claim($queue)) {
                usleep(1000);

                continue;
            }
            fwrite($book, sprintf("php %s %d 0\n", $job['payload']['n'] ?? '-', getmypid()));
            $this->delete($job['id']);
            $count++;
        }

        return $count;
    }

    private function claimFrom(string $name): ?array
    {
        $redis = $this->store->redis;
        $key = $this->queue($name);
        $ids = $redis->zRangeByScore($key, '0', (string) time(), ['limit' => [0, 1]]);
        if (! $ids) {
            return null;
        }
        [$id] = $ids;
        $redis->watch($key);
        if ($redis->zScore($key, $id) === false) {
            $redis->unwatch();

            return null;
        }
        $replies = $redis->multi()->zRem($key, $id)->exec();
        if (! $replies || $replies[0] === 0) { // the queue changed meanwhile
            return null;
        }
        if (! $job = $this->store->read($this->job($id))) {
            return null;
        }
        $job['status'] = 'queued';
        $job['attempts'] = $job['attempts'] + 1;
        $job['updated_at'] = self::moment('now');
        $this->store->write($this->job($id), $job);

        return ['payload' => json_decode($job['payload'], true)] + $job;
    }

    private function retryOne(string $id): int
    {
        $job = $this->store->read($this->job($id));
        if (! $job || $job['status'] !== 'failed') {
            return 0;
        }
        $job = self::renewed($job, 'now');
        $job['attempts'] = 0;
        $this->store->write($this->job($id), $job);
        $this->store->redis->zRem($this->failed(), $id);
        $this->store->redis->zAdd($this->queue($job['queue']), time(), $id);

        return 1;
    }

    private function add(array $job): void
    {
        $due = strtotime($job['scheduled_at']);
        $this->store->redis->zAdd($this->queue($job['queue']), $due, $job['id']);
    }

    /** @return list<string> */
    private function queues(): array
    {
        $parts = static fn (string $key) => explode(':', $key);
        $keys = $this->store->redis->keys($this->prefix . 'queue:*');

        return array_map(static fn (string $key) => $parts($key)[count($parts($key)) - 1], $keys);
    }

    private static function renewed(array $job, string $delay): array
    {
        $job['status'] = 'new';
        $job['exception'] = null;
        $job['failed_at'] = null;
        $job['scheduled_at'] = self::moment($delay);

        return $job;
    }

    private static function moment(string $delay): string
    {
        return gmdate('Y-m-d H:i:s', strtotime($delay));
    }

    private function job(string $id): string
    {
        return $this->prefix . 'job:' . $id;
    }

    private function queue(string $name): string
    {
        return $this->prefix . 'queue:' . $name;
    }

    private function failed(): string
    {
        return $this->prefix . 'failed';
    }
}
