-- The workers whose lease has run out.
-- Returns their ids. A worker that is claiming just now is alive; its row is locked, and is skipped this time.
SELECT id FROM {job_workers} WHERE expires_at < {unix} {take}
