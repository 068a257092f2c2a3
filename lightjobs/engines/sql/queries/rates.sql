-- A page of the rates of one span, in the order of their keys.
-- :span; :before, the last bucket that is left out; :bucket, :queue and :handler, the key to go on behind; {where}: nothing,
-- or filters; :limit. Returns bucket, queue, handler, done, retried, released, failed, milliseconds, the durations and the
-- waits as numbers with commas between them, depth, latency. The row with no queue and no handler only says that a
-- sample was begun.
SELECT bucket, queue, handler, done, retried, released, failed, milliseconds,
  d0 || ',' || d1 || ',' || d2 || ',' || d3 || ',' || d4 || ',' || d5 || ',' || d6 || ',' || d7 || ','
    || d8 || ',' || d9 || ',' || d10 || ',' || d11 || ',' || d12 || ',' || d13 || ',' || d14 || ',' || d15,
  w0 || ',' || w1 || ',' || w2 || ',' || w3 || ',' || w4 || ',' || w5 || ',' || w6 || ',' || w7 || ','
    || w8 || ',' || w9 || ',' || w10 || ',' || w11 || ',' || w12 || ',' || w13 || ',' || w14 || ',' || w15,
  depth, latency
FROM {job_rates}
WHERE span = :span AND bucket > :before
  AND bucket >= :bucket AND (bucket > :bucket OR queue > :queue OR (queue = :queue AND handler > :handler))
  AND (queue <> '' OR handler <> '' OR depth IS NOT NULL)
  {where}
ORDER BY span, bucket, queue, handler LIMIT :limit
