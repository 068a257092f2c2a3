<?php

// The same commands by Lightpack's own Job, Worker and RedisEngine, of the checkout that
// LIGHTPACK_PATH names.

declare(strict_types=1);

use App\Jobs\Work;

foreach (['load', 'engine'] as $file) {
    require __DIR__ . "/$file.php";
}

final class LightpackQueue extends Queue
{
    private LightpackEngine $engine;

    public static function connect(): static
    {
        $queue = parent::connect();
        $redis = new \Lightpack\Redis\Redis([
            'host' => getenv('REDIS_HOST'),
            'port' => (int) getenv('REDIS_PORT'),
            'password' => getenv('REDIS_PASSWORD') ?: null,
            'database' => (int) getenv('REDIS_DB'),
            'prefix' => getenv('REDIS_PREFIX') ?: '',
        ]);
        $queue->engine = new LightpackEngine($redis, $queue->prefix);
        LightpackConnection::use($queue->engine);

        return $queue;
    }

    public function dispatch(string $handler, array $payload, string $delay, string $queue): string
    {
        if ($handler === Work::class) {
            (new Work())->setQueue($queue)->delay($delay)->dispatch($payload);
        } else {
            $this->engine->addJob($handler, $payload, $delay, $queue);
        }

        return $this->engine->given;
    }

    public function claim(?string $queue): ?array
    {
        $job = $this->engine->fetchNextJob($queue);

        return $job ? (array) $job : null;
    }

    public function delete(string $id): void
    {
        $this->engine->deleteJob((object) ['id' => $id]);
    }

    public function fail(string $id, Throwable $error): ?string
    {
        $this->engine->markFailedJob($job = (object) ['id' => $id], $error);

        return $job->exception ?? null;
    }

    public function release(string $id, string $queue, string $delay): void
    {
        $this->engine->release((object) ['id' => $id, 'queue' => $queue], $delay);
    }

    public function retry(?string $id, ?string $queue): int
    {
        return $this->engine->retryFailedJobs($id, $queue);
    }

    public function work(string $queue, string $book, ?int $limit): int
    {
        Work::$book = fopen($book, 'a');
        Work::$count = 0;
        while ($limit === null ? $this->size($queue) > 0 : Work::$count < $limit) {
            (new LightpackWorker($queue, $limit))->work();
            usleep(1000);
        }

        return Work::$count;
    }
}
