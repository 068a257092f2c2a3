<?php

// The other side of the queue: the reads and writes of a Lightpack application on Redis or, with
// JOB_ENGINE=database, MySQL, written from the recorded examples and the described behaviour. Reads
// one command a line as JSON, answers each with one line of JSON.

declare(strict_types=1);

date_default_timezone_set(getenv('PHP_ZONE') ?: 'UTC');
set_error_handler(static function (int $level, string $text, string $file, int $line): bool {
    if (! (error_reporting() & $level)) { // by an @
        return true;
    }
    throw new ErrorException($text, 0, $level, $file, $line);
});

$kind = getenv('JOB_ENGINE') === 'database' ? 'Table' : 'Queue';
require __DIR__ . '/' . strtolower($kind) . '.php';
if (getenv('LIGHTPACK_PATH')) {
    require __DIR__ . '/lightpack/' . strtolower($kind) . '.php';
    $kind = "Lightpack$kind";
}
$queue = $kind::connect();
$commands = [
    'dispatch' => fn (array $a) => $queue->dispatch(
        $a['handler'],
        $a['payload'],
        $a['delay'] ?? 'now',
        $a['queue'] ?? 'default',
    ),
    'claim' => fn (array $a) => $queue->claim($a['queue'] ?? null),
    'done' => fn (array $a) => $queue->delete($a['id']),
    'fail' => fn (array $a) => $queue->fail($a['id'], new RuntimeException($a['text'])),
    'release' => fn (array $a) => $queue->release($a['id'], $a['queue'], $a['delay'] ?? 'now'),
    'retry' => fn (array $a) => $queue->retry($a['id'] ?? null, $a['queue'] ?? null),
    'show' => fn (array $a) => $queue->show($a['id']),
    'work' => fn (array $a) => $queue->work($a['queue'], $a['book'], $a['jobs'] ?? null),
    'migrate' => fn () => $queue->migrate(),
    'claim and die' => function (array $a) use ($queue): void {
        $queue->claim($a['queue']);
        posix_kill(getmypid(), SIGKILL);
    },
];

$flags = JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION | JSON_INVALID_UTF8_SUBSTITUTE;
while (($line = fgets(STDIN)) !== false) {
    try {
        $arguments = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
        $answer = ['answer' => $commands[$arguments['do']]($arguments)];
    } catch (Throwable $error) {
        $answer = ['error' => (string) $error];
    }
    fwrite(STDOUT, json_encode($answer, $flags) . "\n");
}
