"""What is dispatched, as JSON: encoding, and the converters made from a payload's annotations."""
