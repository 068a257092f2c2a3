<?php

declare(strict_types=1);

use Lightpack\Jobs\BaseEngine;
use Lightpack\Jobs\Connection;

/** Takes the engine that it is given. */
final class LightpackConnection extends Connection
{
    public static function use(BaseEngine $engine): void
    {
        self::$engine = $engine;
    }
}
