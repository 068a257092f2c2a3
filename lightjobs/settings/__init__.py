"""Settings: read from `config/` and the environment, checked, and completed with defaults."""
