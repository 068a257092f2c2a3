<?php

declare(strict_types=1);

use Lightpack\Jobs\Engines\RedisEngine;

/** Tells which id it gave. */
final class LightpackEngine extends RedisEngine
{
    public string $given;

    protected function generateJobId(): string
    {
        return $this->given = parent::generateJobId();
    }
}
