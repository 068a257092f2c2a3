<?php
// Answers what PHP's strtotime makes of expressions: one JSON list per line,
// [zone, base timestamp, expression] in, [timestamp or false, microseconds] out.
while (($line = fgets(STDIN)) !== false) {
    [$zone, $base, $expression] = json_decode($line, false, 8, JSON_THROW_ON_ERROR);
    date_default_timezone_set($zone);
    $seconds = strtotime($expression, $base);
    $microseconds = 0;
    if ($seconds !== false) {
        // strtotime() drops the fraction; modify() computes it the same way and keeps it.
        $moment = @(new DateTimeImmutable("@$base"))->modify($expression);
        $microseconds = $moment === false ? 0 : (int) $moment->format('u');
    }
    echo json_encode([$seconds, $microseconds]), "\n";
}
