-- Lock the next keys, in the order of their names; those that others have locked are in use, and are left out.
-- :after, a name; :limit. Returns their names.
SELECT name FROM {job_keys} WHERE name > :after ORDER BY name LIMIT :limit {take}
