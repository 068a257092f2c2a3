<?php

// The same commands by Lightpack's own Job, Worker and DatabaseEngine, of the checkout that
// LIGHTPACK_PATH names.

declare(strict_types=1);

use App\Jobs\Work;
use Lightpack\Console\Views\Migrations\JobsView;
use Lightpack\Container\Container;
use Lightpack\Database\Adapters\Mysql;
use Lightpack\Database\Schema\Schema;
use Lightpack\Jobs\Engines\DatabaseEngine;

require __DIR__ . '/load.php';

final class LightpackTable extends Table
{
    private DatabaseEngine $engine;

    /** @var array<string, object> what the engine gave the worker */
    private array $claimed = [];

    public static function connect(): static
    {
        $table = parent::connect();
        Container::getInstance()->instance('db', new Mysql([
            'host' => getenv('DB_HOST'),
            'port' => getenv('DB_PORT'),
            'username' => getenv('DB_USER'),
            'password' => getenv('DB_PSWD'),
            'database' => getenv('DB_NAME'),
            'options' => self::options(),
        ]));
        $table->engine = new DatabaseEngine();
        LightpackConnection::use($table->engine);

        return $table;
    }

    public function migrate(): void
    {
        $migration = eval('?>' . JobsView::getTemplate());
        $migration->boot(new Schema(db()), db());
        $migration->up();
    }

    public function dispatch(string $handler, array $payload, string $delay, string $queue): string
    {
        if ($handler === Work::class) {
            (new Work())->setQueue($queue)->delay($delay)->dispatch($payload);
        } else {
            $this->engine->addJob($handler, $payload, $delay, $queue);
        }

        return db()->lastInsertId();
    }

    public function claim(?string $queue): ?array
    {
        $job = $this->engine->fetchNextJob($queue);
        if (! $job) {
            return null;
        }
        $this->claimed[$job->id] = $job;

        return ['id' => (string) $job->id] + (array) $job;
    }

    public function delete(string $id): void
    {
        $this->engine->deleteJob((object) ['id' => $id]);
    }

    public function fail(string $id, Throwable $error): ?string
    {
        $this->engine->markFailedJob((object) ['id' => $id], $error);

        return (string) $error;
    }

    public function release(string $id, string $queue, string $delay): void
    {
        $this->engine->release($this->claimed[$id], $delay);
    }

    public function retry(?string $id, ?string $queue): int
    {
        return $this->engine->retryFailedJobs($id, $queue);
    }

    public function work(string $queue, string $book, ?int $limit): int
    {
        Work::$book = fopen($book, 'a');
        Work::$count = 0;
        while ($limit === null ? $this->waiting($queue) > 0 : Work::$count < $limit) {
            (new LightpackWorker($queue, $limit))->work();
            usleep(1000);
        }

        return Work::$count;
    }
}
