-- Store a job of another store, with all that is known of it.
-- Its columns. Only plain values: PyMySQL then sends many rows in one statement.
INSERT INTO {jobs} (handler, queue, payload, status, attempts, priority, created_at, scheduled_at, scheduled_us, exception, failed_at, recoveries, options, errors, result, progress, kept_until, unique_key, unique_scope, unique_seconds, group_key, group_limit, batch_id)
VALUES (:handler, :queue, :payload, :status, :attempts, :priority, :created_at, :scheduled_at, :scheduled_us, :exception, :failed_at, :recoveries, :options, :errors, :result, :progress, :kept_until, :unique_key, :unique_scope, :unique_seconds, :group_key, :group_limit, :batch_id)
