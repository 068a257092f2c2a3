<?php

declare(strict_types=1);

// What Lightpack's worker and dispatch ask of MariaDB, statement for statement, by PDO:
//
//     php lightpack.php one|work [JOBS]
//
// `one` stores JOBS jobs one by one and prints how many seconds it took; `work` runs no-op jobs and
// prints two lines for each, until killed. A job counts itself where ticks.py says.

$source = sprintf(
    'mysql:host=%s;port=%s;dbname=%s;charset=utf8mb4',
    getenv('DB_HOST'),
    getenv('DB_PORT'),
    getenv('DB_NAME')
);
$pdo = new PDO($source, getenv('DB_USER'), getenv('DB_PSWD'), [
    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
    PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_OBJ,
]);

function run(PDO $pdo, string $sql, array $values = []): PDOStatement
{
    $statement = $pdo->prepare($sql);
    $statement->execute($values);

    return $statement;
}

function dispatch(PDO $pdo): void
{
    run($pdo, 'INSERT INTO jobs (handler, payload, scheduled_at, status, queue, attempts)'
        . " VALUES (?, ?, ?, 'new', ?, 0)", ['Noop', '{"n":1}', gmdate('Y-m-d H:i:s'), 'bench']);
    $pdo->lastInsertId();
}

function claim(PDO $pdo): ?object
{
    $pdo->beginTransaction();
    $now = gmdate('Y-m-d H:i:s');
    $job = run($pdo, "SELECT * FROM jobs WHERE status = 'new' AND scheduled_at <= '$now'"
        . " AND queue = 'bench' ORDER BY id ASC LIMIT 1 FOR UPDATE SKIP LOCKED")->fetch();
    if ($job) {
        run($pdo, 'UPDATE jobs SET status = ?, attempts = ? WHERE id = ?', [
            'queued',
            ++$job->attempts,
            $job->id,
        ]);
    }
    $pdo->commit();

    return $job ?: null;
}

function work(PDO $pdo): never
{
    $folder = getenv('BENCH_FOLDER');
    file_put_contents("$folder/slots", '.', FILE_APPEND);
    $counts = fopen("$folder/counts", 'r+b');
    $done = 0;
    while (true) {
        $job = claim($pdo);
        if (!$job) {
            sleep(1);
            continue;
        }
        echo date('Y-m-d H:i:s'), " Processing job $job->handler $job->id\n";
        json_decode($job->payload, true);
        fseek($counts, 0);
        fwrite($counts, pack('P', ++$done));
        fflush($counts);
        run($pdo, 'DELETE FROM jobs WHERE id = ?', [$job->id]);
        echo date('Y-m-d H:i:s'), " Processed job $job->handler $job->id\n";
    }
}

if ($argv[1] === 'work') {
    work($pdo);
}
dispatch($pdo);
$started = hrtime(true);
for ($number = 1; $number < (int) $argv[2]; $number++) {
    dispatch($pdo);
}
echo (hrtime(true) - $started) / 1e9, "\n";
