"""Django's migrations. Each one stands for all of ours up to the one that it names."""
