"""Running one claim: its handler, the middleware around it, and the outcome it yields."""
