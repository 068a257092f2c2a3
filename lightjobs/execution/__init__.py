"""Running one claim: the handler behind it, the middleware around it, and the outcome it yields."""
