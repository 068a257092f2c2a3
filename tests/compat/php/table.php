<?php

declare(strict_types=1);

/** Lightpack's `jobs` table, by PDO as Lightpack opens it. */
class Table
{
    /** @var array<string, int> what the worker's own copy of a job says */
    private array $attempts = [];

    final public function __construct(protected PDO $pdo)
    {
    }

    public static function connect(): static
    {
        $pdo = new PDO(self::source(), getenv('DB_USER'), getenv('DB_PSWD'), self::options());
        $pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
        $pdo->setAttribute(PDO::ATTR_DEFAULT_FETCH_MODE, PDO::FETCH_ASSOC);

        return new static($pdo);
    }

    /** Make the table as Lightpack's migration does. */
    public function migrate(): void
    {
        $this->pdo->exec(file_get_contents(__DIR__ . '/../../contract/lightpack-jobs-table.sql'));
    }

    public function dispatch(string $handler, array $payload, string $delay, string $queue): string
    {
        $this->run('INSERT INTO jobs (handler, payload, scheduled_at, status, queue, attempts)'
            . " VALUES (?, ?, ?, 'new', ?, 0)", [
            $handler,
            json_encode($payload),
            self::moment($delay),
            $queue,
        ]);

        return $this->pdo->lastInsertId();
    }

    public function claim(?string $queue): ?array
    {
        $this->pdo->beginTransaction();
        $only = $queue ? 'AND queue = ' . $this->pdo->quote($queue) : '';
        $now = date('Y-m-d H:i:s'); // in PHP's zone, though it was written in UTC: Lightpack's way
        $job = $this->run("SELECT * FROM jobs WHERE status = 'new' AND scheduled_at <= '$now' $only"
            . ' ORDER BY id ASC LIMIT 1 FOR UPDATE SKIP LOCKED')->fetch();
        if ($job) {
            $this->attempts[$job['id']] = ++$job['attempts'];
            $this->run('UPDATE jobs SET status = ?, attempts = ? WHERE id = ?', [
                'queued',
                $job['attempts'],
                $job['id'],
            ]);
        }
        $this->pdo->commit();

        return $job ? self::read($job) : null;
    }

    public function delete(string $id): void
    {
        $this->run('DELETE FROM jobs WHERE id = ?', [$id]);
    }

    public function fail(string $id, Throwable $error): ?string
    {
        $this->run('UPDATE jobs SET status = ?, exception = ?, failed_at = ? WHERE id = ?', [
            'failed',
            (string) $error,
            self::moment('now'),
            $id,
        ]);

        return (string) $error;
    }

    public function release(string $id, string $queue, string $delay): void
    {
        $this->run('UPDATE jobs SET status = ?, exception = ?, failed_at = ?, scheduled_at = ?,'
            . ' attempts = ? WHERE id = ?', [
            'new',
            null,
            null,
            self::moment($delay),
            $this->attempts[$id],
            $id,
        ]);
    }

    /** How many were put back. */
    public function retry(?string $id, ?string $queue): int
    {
        $filters = array_filter(['id' => $id, 'queue' => $queue], static fn ($v) => $v !== null);
        $where = implode('', array_map(static fn ($name) => " AND $name = ?", array_keys($filters)));

        return $this->run("UPDATE jobs SET status = 'new', attempts = 0, exception = NULL,"
            . " failed_at = NULL, scheduled_at = NOW() WHERE status = 'failed'$where",
            array_values($filters))->rowCount();
    }

    /** The row; null where there is none. */
    public function show(string $id): ?array
    {
        $job = $this->run('SELECT * FROM jobs WHERE id = ?', [$id])->fetch();

        return $job ? ['id' => (string) $job['id']] + $job : null;
    }

    public function waiting(string $queue): int
    {
        $sql = "SELECT COUNT(*) FROM jobs WHERE queue = ? AND status = 'new'";

        return (int) $this->run($sql, [$queue])->fetchColumn();
    }

    /**
     * Claim and complete `$limit` jobs, null: until none waits; each adds a line to `$book` as
     * Python's handlers do.
     */
    public function work(string $queue, string $book, ?int $limit): int
    {
        $count = 0;
        $book = fopen($book, 'a');
        while ($limit === null ? $this->waiting($queue) > 0 : $count < $limit) {
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

    protected static function read(array $job): array
    {
        $read = ['id' => (string) $job['id'], 'payload' => json_decode($job['payload'], true)];

        return $read + $job;
    }

    /** @return array<int, mixed>|null what `options` in Lightpack's config/db.php is */
    protected static function options(): ?array
    {
        $command = getenv('PHP_INIT_COMMAND');

        return $command ? [PDO::MYSQL_ATTR_INIT_COMMAND => $command] : null;
    }

    private static function source(): string
    {
        [$host, $port, $name] = array_map(getenv(...), ['DB_HOST', 'DB_PORT', 'DB_NAME']);

        return "mysql:host=$host;port=$port;dbname=$name";
    }

    private function run(string $sql, array $values = []): PDOStatement
    {
        $statement = $this->pdo->prepare($sql);
        $statement->execute($values);

        return $statement;
    }

    private static function moment(string $delay): string
    {
        return (new DateTime('now', new DateTimeZone('UTC')))->modify($delay)->format('Y-m-d H:i:s');
    }
}
