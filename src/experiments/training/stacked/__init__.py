"""Many trainings of the same network on the same data as one: a leading dimension instead of a loop."""
