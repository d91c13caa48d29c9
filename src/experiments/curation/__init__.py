"""Builds and mends a folder of pictures: download, verify, duplicates, drawn bears."""
