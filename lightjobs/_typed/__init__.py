"""Converters between annotated Python values and JSON, composed once for each annotation."""
