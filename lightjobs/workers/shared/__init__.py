"""Memory that a supervisor shares with its children, and the records that are kept in it."""
