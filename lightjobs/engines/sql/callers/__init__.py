"""Transactional enqueue: jobs that become part of a transaction on the caller's own connection."""
