"""Memory that a supervisor shares with its children, and what is kept in it."""
