-- Add rates to those that are noted.
-- :rates JSON [[span, bucket, queue, handler, done, ..., milliseconds, d0, ..., d15, w0, ..., w15, depth or null, latency or
-- null], ...] in the order of their keys, no key twice: supervisors that lock rows in two orders end in a deadlock.
INSERT INTO {job_rates} (
  span, bucket, queue, handler, done, retried, released, failed, milliseconds, d0, d1, d2, d3, d4, d5, d6, d7, d8,
  d9, d10, d11, d12, d13, d14, d15, w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15, depth,
  latency
)
SELECT
  r.span, r.bucket, r.queue, r.handler, r.done, r.retried, r.released, r.failed, r.milliseconds, r.d0, r.d1, r.d2,
  r.d3, r.d4, r.d5, r.d6, r.d7, r.d8, r.d9, r.d10, r.d11, r.d12, r.d13, r.d14, r.d15, r.w0, r.w1, r.w2, r.w3, r.w4,
  r.w5, r.w6, r.w7, r.w8, r.w9, r.w10, r.w11, r.w12, r.w13, r.w14, r.w15, r.depth, r.latency
FROM JSON_TABLE(:rates, '$[*]' COLUMNS (
  span INT PATH '$[0]', bucket BIGINT PATH '$[1]', queue VARCHAR(55) CHARACTER SET utf8mb4 PATH '$[2]',
  handler VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[3]', done BIGINT PATH '$[4]', retried BIGINT PATH '$[5]',
  released BIGINT PATH '$[6]', failed BIGINT PATH '$[7]', milliseconds BIGINT PATH '$[8]', d0 INT PATH '$[9]',
  d1 INT PATH '$[10]', d2 INT PATH '$[11]', d3 INT PATH '$[12]', d4 INT PATH '$[13]', d5 INT PATH '$[14]',
  d6 INT PATH '$[15]', d7 INT PATH '$[16]', d8 INT PATH '$[17]', d9 INT PATH '$[18]', d10 INT PATH '$[19]',
  d11 INT PATH '$[20]', d12 INT PATH '$[21]', d13 INT PATH '$[22]', d14 INT PATH '$[23]', d15 INT PATH '$[24]',
  w0 INT PATH '$[25]', w1 INT PATH '$[26]', w2 INT PATH '$[27]', w3 INT PATH '$[28]', w4 INT PATH '$[29]',
  w5 INT PATH '$[30]', w6 INT PATH '$[31]', w7 INT PATH '$[32]', w8 INT PATH '$[33]', w9 INT PATH '$[34]',
  w10 INT PATH '$[35]', w11 INT PATH '$[36]', w12 INT PATH '$[37]', w13 INT PATH '$[38]', w14 INT PATH '$[39]',
  w15 INT PATH '$[40]', depth BIGINT PATH '$[41]', latency DOUBLE PATH '$[42]'
)) AS r
ON DUPLICATE KEY UPDATE
  done = {job_rates}.done + VALUES(done), retried = {job_rates}.retried + VALUES(retried),
  released = {job_rates}.released + VALUES(released), failed = {job_rates}.failed + VALUES(failed),
  milliseconds = {job_rates}.milliseconds + VALUES(milliseconds), d0 = {job_rates}.d0 + VALUES(d0),
  d1 = {job_rates}.d1 + VALUES(d1), d2 = {job_rates}.d2 + VALUES(d2), d3 = {job_rates}.d3 + VALUES(d3),
  d4 = {job_rates}.d4 + VALUES(d4), d5 = {job_rates}.d5 + VALUES(d5), d6 = {job_rates}.d6 + VALUES(d6),
  d7 = {job_rates}.d7 + VALUES(d7), d8 = {job_rates}.d8 + VALUES(d8), d9 = {job_rates}.d9 + VALUES(d9),
  d10 = {job_rates}.d10 + VALUES(d10), d11 = {job_rates}.d11 + VALUES(d11), d12 = {job_rates}.d12 + VALUES(d12),
  d13 = {job_rates}.d13 + VALUES(d13), d14 = {job_rates}.d14 + VALUES(d14), d15 = {job_rates}.d15 + VALUES(d15),
  w0 = {job_rates}.w0 + VALUES(w0), w1 = {job_rates}.w1 + VALUES(w1), w2 = {job_rates}.w2 + VALUES(w2),
  w3 = {job_rates}.w3 + VALUES(w3), w4 = {job_rates}.w4 + VALUES(w4), w5 = {job_rates}.w5 + VALUES(w5),
  w6 = {job_rates}.w6 + VALUES(w6), w7 = {job_rates}.w7 + VALUES(w7), w8 = {job_rates}.w8 + VALUES(w8),
  w9 = {job_rates}.w9 + VALUES(w9), w10 = {job_rates}.w10 + VALUES(w10), w11 = {job_rates}.w11 + VALUES(w11),
  w12 = {job_rates}.w12 + VALUES(w12), w13 = {job_rates}.w13 + VALUES(w13), w14 = {job_rates}.w14 + VALUES(w14),
  w15 = {job_rates}.w15 + VALUES(w15),
  depth = COALESCE(GREATEST({job_rates}.depth, VALUES(depth)), {job_rates}.depth, VALUES(depth)),
  latency = COALESCE(GREATEST({job_rates}.latency, VALUES(latency)), {job_rates}.latency, VALUES(latency))
