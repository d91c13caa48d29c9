"""Draws teddies, grizzlies and black bears with Pillow: a figure in a scene, seen by a camera. Imports no torch."""
