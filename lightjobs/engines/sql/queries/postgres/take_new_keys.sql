-- Take keys for jobs that are about to be stored, and leave those that have a row already: how many are taken says whether all
-- were free.
-- :names and :ids, arrays of equal length, in the order of the names; :scopes and :seconds, arrays of that length or, if all
-- are alike, of one element.
INSERT INTO {job_keys} (name, job_id, scope, until)
SELECT o.name, o.id, COALESCE(o.scope, (CAST(:scopes AS text[]))[1]),
  (SELECT {unix}) + COALESCE(o.seconds, (CAST(:seconds AS double precision[]))[1])
FROM unnest(CAST(:names AS text[]), CAST(:ids AS bigint[]), CAST(:scopes AS text[]), CAST(:seconds AS double precision[]))
  AS o (name, id, scope, seconds) ORDER BY o.name COLLATE "C"
ON CONFLICT (name) DO NOTHING
