"""What feeds training: sources, one table of samples, the stable split, batches."""
