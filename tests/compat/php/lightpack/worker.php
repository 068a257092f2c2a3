<?php

declare(strict_types=1);

use App\Jobs\Work;
use Lightpack\Container\Container;
use Lightpack\Jobs\Connection;
use Lightpack\Jobs\Worker;

final class LightpackWorker extends Worker
{
    /** Leaves out signals, cache and the time limit; they are not what is tested. */
    public function __construct(private string $queue, private ?int $limit)
    {
        $this->jobEngine = Connection::getJobEngine();
        $this->container = Container::getInstance();
    }

    public function work(): void
    {
        $this->processQueue($this->queue);
    }

    protected function shouldCooldown(): bool
    {
        return Work::$count === $this->limit;
    }

    protected function pleaseCooldown(): void
    {
        $this->running = false;
    }

    // Standard output carries our answers.
    protected function logJobProcessing($job)
    {
    }

    protected function logJobProcessed($job)
    {
    }
}
