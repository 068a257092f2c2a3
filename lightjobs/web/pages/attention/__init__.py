"""What needs somebody's attention, each thing with what is meant and what to do."""
