<?php

declare(strict_types=1);

/** PHP values in Redis strings: numbers as they are, all else as serialize() writes it. */
final class Store
{
    public function __construct(public readonly Redis $redis)
    {
    }

    public static function connect(): self
    {
        $redis = new Redis();
        $redis->connect(getenv('REDIS_HOST'), (int) getenv('REDIS_PORT'));
        if ($password = getenv('REDIS_PASSWORD')) {
            $user = getenv('REDIS_USERNAME');
            $redis->auth($user ? [$user, $password] : $password);
        }
        if ($database = (int) getenv('REDIS_DB')) {
            $redis->select($database);
        }
        if ($prefix = getenv('REDIS_PREFIX')) {
            $redis->setOption(Redis::OPT_PREFIX, $prefix);
        }

        return new self($redis);
    }

    public function read(string $key): mixed
    {
        $text = $this->redis->get($key);
        if ($text === false) { // not there; or there, but no string
            return null;
        }
        if (is_numeric($text)) {
            return $text;
        }
        $value = @unserialize($text);

        return $value === false ? $text : $value;
    }

    public function write(string $key, mixed $value): void
    {
        $this->redis->set($key, is_numeric($value) ? $value : serialize($value));
    }
}
