"""The pages, each in a file of its own with its view and its actions."""
