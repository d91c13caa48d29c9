"""What a frozen body makes of the images, computed once, and the body itself, kept once."""
