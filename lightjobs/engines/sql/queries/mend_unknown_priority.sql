-- Give a waiting job the normal priority.
-- :name, its id.
UPDATE {jobs} SET priority = 0 WHERE id = :name AND (status = 'new' AND priority NOT BETWEEN -2 AND 2) IS TRUE
