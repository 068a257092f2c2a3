-- Add rates to those that are noted.
-- :rates JSON [[span, bucket, queue, handler, done, ..., milliseconds, d0, ..., d15, w0, ..., w15, depth or null, latency or
-- null], ...] in the order of their keys, no key twice: supervisors that lock rows in two orders end in a deadlock.
INSERT INTO {job_rates} AS job_rates (
  span, bucket, queue, handler, done, retried, released, failed, milliseconds, d0, d1, d2, d3, d4, d5, d6, d7, d8,
  d9, d10, d11, d12, d13, d14, d15, w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15, depth,
  latency
)
SELECT
  CAST(r ->> 0 AS integer), CAST(r ->> 1 AS bigint), r ->> 2, r ->> 3, CAST(r ->> 4 AS bigint),
  CAST(r ->> 5 AS bigint), CAST(r ->> 6 AS bigint), CAST(r ->> 7 AS bigint), CAST(r ->> 8 AS bigint),
  CAST(r ->> 9 AS integer), CAST(r ->> 10 AS integer), CAST(r ->> 11 AS integer), CAST(r ->> 12 AS integer),
  CAST(r ->> 13 AS integer), CAST(r ->> 14 AS integer), CAST(r ->> 15 AS integer), CAST(r ->> 16 AS integer),
  CAST(r ->> 17 AS integer), CAST(r ->> 18 AS integer), CAST(r ->> 19 AS integer), CAST(r ->> 20 AS integer),
  CAST(r ->> 21 AS integer), CAST(r ->> 22 AS integer), CAST(r ->> 23 AS integer), CAST(r ->> 24 AS integer),
  CAST(r ->> 25 AS integer), CAST(r ->> 26 AS integer), CAST(r ->> 27 AS integer), CAST(r ->> 28 AS integer),
  CAST(r ->> 29 AS integer), CAST(r ->> 30 AS integer), CAST(r ->> 31 AS integer), CAST(r ->> 32 AS integer),
  CAST(r ->> 33 AS integer), CAST(r ->> 34 AS integer), CAST(r ->> 35 AS integer), CAST(r ->> 36 AS integer),
  CAST(r ->> 37 AS integer), CAST(r ->> 38 AS integer), CAST(r ->> 39 AS integer), CAST(r ->> 40 AS integer),
  CAST(r ->> 41 AS bigint), CAST(r ->> 42 AS double precision)
FROM jsonb_array_elements(CAST(:rates AS jsonb)) AS r
ON CONFLICT (span, bucket, queue, handler) DO UPDATE SET
  done = job_rates.done + excluded.done, retried = job_rates.retried + excluded.retried,
  released = job_rates.released + excluded.released, failed = job_rates.failed + excluded.failed,
  milliseconds = job_rates.milliseconds + excluded.milliseconds, d0 = job_rates.d0 + excluded.d0,
  d1 = job_rates.d1 + excluded.d1, d2 = job_rates.d2 + excluded.d2, d3 = job_rates.d3 + excluded.d3,
  d4 = job_rates.d4 + excluded.d4, d5 = job_rates.d5 + excluded.d5, d6 = job_rates.d6 + excluded.d6,
  d7 = job_rates.d7 + excluded.d7, d8 = job_rates.d8 + excluded.d8, d9 = job_rates.d9 + excluded.d9,
  d10 = job_rates.d10 + excluded.d10, d11 = job_rates.d11 + excluded.d11, d12 = job_rates.d12 + excluded.d12,
  d13 = job_rates.d13 + excluded.d13, d14 = job_rates.d14 + excluded.d14, d15 = job_rates.d15 + excluded.d15,
  w0 = job_rates.w0 + excluded.w0, w1 = job_rates.w1 + excluded.w1, w2 = job_rates.w2 + excluded.w2,
  w3 = job_rates.w3 + excluded.w3, w4 = job_rates.w4 + excluded.w4, w5 = job_rates.w5 + excluded.w5,
  w6 = job_rates.w6 + excluded.w6, w7 = job_rates.w7 + excluded.w7, w8 = job_rates.w8 + excluded.w8,
  w9 = job_rates.w9 + excluded.w9, w10 = job_rates.w10 + excluded.w10, w11 = job_rates.w11 + excluded.w11,
  w12 = job_rates.w12 + excluded.w12, w13 = job_rates.w13 + excluded.w13, w14 = job_rates.w14 + excluded.w14,
  w15 = job_rates.w15 + excluded.w15, depth = GREATEST(job_rates.depth, excluded.depth),
  latency = GREATEST(job_rates.latency, excluded.latency)
