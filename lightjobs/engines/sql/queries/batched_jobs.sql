-- Lock jobs of batches; those that others have locked are left out.
-- Returns id and batch_id of those that fit the filters.
SELECT id, batch_id FROM {jobs} WHERE {where} ORDER BY id {take}
