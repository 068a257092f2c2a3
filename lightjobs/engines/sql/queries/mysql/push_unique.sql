-- Store a job and take its key, unless the key has a row already: then nothing is stored. One statement, of MariaDB: MySQL has
-- no such blocks outside of stored procedures.
-- The parameters of push_tied.sql. Returns the job's id; no rows if it is not stored.
BEGIN NOT ATOMIC
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  INSERT INTO {jobs} (handler, queue, payload, scheduled_at, scheduled_us, priority, options, created_at, status, attempts,
    unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id)
  VALUES (:handler, :queue, :payload, COALESCE(:scheduled_at, {now}), :scheduled_us, :priority, :options, {now}, 'new', 0,
    :unique_key, :unique_scope, :unique_seconds, :group_key, :group_limit, :batch_id);
  INSERT IGNORE INTO {job_keys} (name, job_id, scope, until)
  VALUES (:unique_key, LAST_INSERT_ID(), :unique_scope, {unix} + :unique_seconds);
  IF ROW_COUNT() = 1 THEN
    COMMIT;
    SELECT LAST_INSERT_ID();
  ELSE
    ROLLBACK;
  END IF;
END
