-- The hits that were counted for a key in the present window.
-- :key. Returns the hits, and the seconds until the window ends; no row if there is no window.
SELECT hits, ends_at - {unix} FROM {job_limits} WHERE name = :key AND ends_at > {unix}
