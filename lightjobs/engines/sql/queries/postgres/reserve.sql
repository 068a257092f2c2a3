-- Ids for jobs that are about to be copied in.
-- :count. Returns an id and the time, as text, for each.
SELECT nextval(source.name), {now}
FROM (SELECT CAST(pg_get_serial_sequence('jobs', 'id') AS regclass) AS name) AS source,
  generate_series(1, :count)
