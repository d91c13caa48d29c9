"""The lesson as a script of real commands, with the pictures that they make."""
