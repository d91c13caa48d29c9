"""What a file that is no image seems to be, by its first bytes."""

TELLING = 512
"""So many bytes from the start are looked at."""

_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}  # ISO/IEC 23008-12

_STARTS = {
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript drawing",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"Rar!": "a RAR archive",
    b"\x1f\x8b": "a gzip archive",
    b"8BPS": "a Photoshop file",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\x1aE\xdf\xa3": "a video",
    b"ID3": "a sound recording",
}
_MARKUP = {
    b"<svg": "an SVG drawing",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"<head": "a web page",
    b"<body": "a web page",
    b"<script": "a web page",
    b"<?xml": "an XML document",
}


def seeming(head: bytes) -> str | None:
    """In words, such as `a web page`, from a file's first `TELLING` bytes; None if they tell nothing."""
    if head[4:8] == b"ftyp":
        return "HEIC" if head[8:12] in _HEIF else "a video"
    for start, name in _STARTS.items():
        if head.startswith(start):
            return name
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(tuple(_MARKUP)):
        return next(name for start, name in _MARKUP.items() if start in text)  # an SVG may begin with <?xml
    return None if head.strip(b"\0") else "nothing but zeros"
