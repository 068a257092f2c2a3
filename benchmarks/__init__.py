"""Speed as a ratio against a bare loop or a peer, measured in the same run."""
