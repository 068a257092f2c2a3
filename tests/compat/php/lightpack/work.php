<?php

declare(strict_types=1);

namespace App\Jobs;

use Lightpack\Jobs\Job;

/** A job that writes its number into the book, as its namesake in Python does. */
final class Work extends Job
{
    /** @var resource */
    public static $book;
    public static int $count = 0;

    public function setQueue(string $queue): static
    {
        $this->queue = $queue;

        return $this;
    }

    public function run(): void
    {
        self::$count++;
        fwrite(self::$book, sprintf("php %s %d 0\n", $this->payload['n'] ?? '-', getmypid()));
    }
}
