"""What a worker says: the job log, Python's logging, and the streams that both go to."""
