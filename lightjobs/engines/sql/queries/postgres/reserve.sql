-- Ids for jobs that are about to be copied in.
-- :count. Returns an id for each, and with the first the time, as text.
-- MATERIALIZED: or the sequence is looked up anew for each id, which takes longer than the rest.
WITH source AS MATERIALIZED (
  SELECT CAST(pg_get_serial_sequence('jobs', 'id') AS regclass) AS name
)
SELECT nextval(source.name), CASE WHEN number = 1 THEN to_char({now}, 'YYYY-MM-DD HH24:MI:SS') END
FROM source, generate_series(1, :count) AS number
