"""From a job object to the store: what a dispatch stores, and dispatches from coroutines."""
