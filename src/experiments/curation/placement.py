"""Each picture once, in the class folder of the address that came first, never over a file that is there."""

from __future__ import annotations

from pathlib import Path

from experiments.curation.addresses import Address
from experiments.curation.journal import Journal, Outcome
from experiments.curation.manifest import DOWNLOADED, DUPLICATE, Row, hash_of, is_held

_SHORT = 16  # hexadecimal digits of the hash in a file's name


class Placement:
    """Moves pictures from the journal's folder to their class folders, and tells what became of each address.

    Args:
        root: of the class folders.
        journal: has the pictures that were fetched, and learns of every move.
        earlier: `downloaded` rows of an earlier manifest; those whose picture is gone do not count.
        content: look whether those pictures are still the same.
    """

    def __init__(self, root: Path, journal: Journal, earlier: list[Row], *, content: bool) -> None:
        self.root = root
        self.journal = journal
        for row in journal.placed:
            self._move(row)
        rows = [*earlier, *journal.placed]
        self._owners = {row.sha256: row for row in rows if is_held(row, root, content=content)}
        self._listed: set[str] = set()

    def has(self, outcome: Outcome) -> bool:
        """Whether the picture is in its place, or waits for one."""
        return outcome.sha256 in self._owners or self.journal.has_staged(outcome)

    def row(self, address: Address, outcome: Outcome) -> Row:
        """The manifest's row; a picture that is new is moved to its place first.

        Raises:
            OSError: it cannot be moved.
        """
        if not outcome.sha256:
            return Row(address.url, address.label, "", "", outcome.status, outcome.reason)
        owner = self._owners.get(outcome.sha256) or self._place(address, outcome)
        if owner.sha256 not in self._listed and (owner.url, owner.label) == (address.url, address.label):
            self._listed.add(owner.sha256)
            return owner
        return Row(address.url, address.label, owner.file, owner.sha256, DUPLICATE, _why_duplicate(address, owner))

    def not_listed(self) -> list[Row]:
        """Rows of pictures that are there, and whose address the lists do not name any more."""
        return [row for row in self._owners.values() if row.sha256 not in self._listed]

    def _place(self, address: Address, outcome: Outcome) -> Row:
        name = f"{address.label}/{outcome.sha256[:_SHORT]}{outcome.suffix}"
        if self._is_other(name, outcome):  # a picture that the user changed, or put there
            name = f"{address.label}/{outcome.sha256}{outcome.suffix}"
        if self._is_other(name, outcome):
            raise FileExistsError(None, "is not the picture that its name says, and in the way: move it", name)
        row = Row(address.url, address.label, name, outcome.sha256, DOWNLOADED)
        self.journal.placing(row)
        self._move(row)
        self._owners[row.sha256] = row
        return row

    def _is_other(self, name: str, outcome: Outcome) -> bool:
        place = self.root / name
        return place.exists() and hash_of(place) != outcome.sha256

    def _move(self, row: Row) -> None:
        """Nothing if that was done before."""
        staged = self.journal.folder / f"{row.sha256}{Path(row.file).suffix}"
        place = self.root / row.file
        if staged.exists() and not place.exists():
            place.parent.mkdir(exist_ok=True)
            staged.rename(place)


def _why_duplicate(address: Address, owner: Row) -> str:
    if owner.label != address.label:
        what = "address" if owner.url == address.url else "picture"
        return f"same {what} in another class ({owner.label}: {owner.url})"
    return "listed twice" if owner.url == address.url else f"same picture under another address ({owner.url})"
