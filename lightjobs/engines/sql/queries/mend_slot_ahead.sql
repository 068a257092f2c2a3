-- Set the last moment of an entry to the present.
-- :name of the entry; :ahead in seconds.
UPDATE {job_slots} SET due = {unix} WHERE entry = :name AND due > {unix} + :ahead
