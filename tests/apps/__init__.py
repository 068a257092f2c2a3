"""Programs of users, driven as they would drive them."""
