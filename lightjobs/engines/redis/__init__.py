"""Redis and Valkey, in Lightpack's layout."""
