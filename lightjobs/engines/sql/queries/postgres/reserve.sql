-- Ids for jobs that are about to be copied in.
-- :count. Returns one row for each, its id; with the first also the time, as text.
-- MATERIALIZED: otherwise the sequence is looked up again for each id, which takes longer than all the rest.
WITH source AS MATERIALIZED (
  SELECT CAST(pg_get_serial_sequence('{jobs}', 'id') AS regclass) AS name
)
SELECT nextval(source.name), CASE WHEN number = 1 THEN to_char({now}, 'YYYY-MM-DD HH24:MI:SS') END
FROM source, generate_series(1, :count) AS number
