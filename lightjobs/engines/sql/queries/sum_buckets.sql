-- The rates of one span added up, bucket by bucket.
-- :span; :before, the last bucket that is left out; {where}: nothing, or filters. Returns bucket, done, retried, released,
-- failed, milliseconds, d0, ..., d15, w0, ..., w15, depth, latency. The row with no queue and no handler only says that a
-- sample was begun.
SELECT bucket, SUM(done), SUM(retried), SUM(released), SUM(failed), SUM(milliseconds),
  SUM(d0), SUM(d1), SUM(d2), SUM(d3), SUM(d4), SUM(d5), SUM(d6), SUM(d7),
  SUM(d8), SUM(d9), SUM(d10), SUM(d11), SUM(d12), SUM(d13), SUM(d14), SUM(d15),
  SUM(w0), SUM(w1), SUM(w2), SUM(w3), SUM(w4), SUM(w5), SUM(w6), SUM(w7),
  SUM(w8), SUM(w9), SUM(w10), SUM(w11), SUM(w12), SUM(w13), SUM(w14), SUM(w15),
  SUM(depth), MAX(latency)
FROM {job_rates}
WHERE span = :span AND bucket > :before
  AND (queue <> '' OR handler <> '' OR depth IS NOT NULL)
  {where}
GROUP BY bucket ORDER BY bucket
