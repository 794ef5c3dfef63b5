"""One pass over a store: every object is looked at, what holds the subject is written without it or deleted.

An object in which nothing was found, and which has not changed since, need not be looked at again; so passes are
repeated until one finds nothing in what is new, and that is the proof. A run that was stopped goes on from its notes.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from rastro.erasure import content
from rastro.erasure.objects import Objects, StoredObject
from rastro.erasure.subject import Subject

WORKERS = 4
ROUNDS = 5


class Looked(NamedTuple):
    """What one look at an object came to. `outcome`: clean, rewritten, deleted, version_deleted, left, gone, or
    changed: somebody else wrote it meanwhile, the next pass looks again."""

    entry: StoredObject
    outcome: str
    removed: int = 0
    hits: int = 0
    why: str = ""


class Notes:
    """Which objects hold nothing of the subject: one line each, so that a stopped run goes on. No ids in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._clean = set(path.read_text(encoding="utf-8").splitlines()) if path.exists() else set()

    def has(self, store: Objects, entry: StoredObject) -> bool:
        """Whether this object was looked at, with these bytes."""
        return self._line(store, entry) in self._clean

    def add(self, store: Objects, entries: Iterable[StoredObject]) -> None:
        """These hold nothing."""
        lines = [self._line(store, entry) for entry in entries]
        self._clean.update(lines)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def forget(self) -> None:
        """The run has come to its end."""
        self._path.unlink(missing_ok=True)

    @staticmethod
    def _line(store: Objects, entry: StoredObject) -> str:
        return f"{store.name}{entry.key} {entry.stamp}".replace("\n", " ")


class Figures(NamedTuple):
    """`objects`, `bytes_scanned`: what there is in the end, all of it looked at. Of all passes: `removed` by folder,
    `counts` by outcome and folder. `left`: objects in which the subject still stands, and why."""

    objects: int
    bytes_scanned: int
    removed: Counter[str]
    counts: Counter[tuple[str, str]]
    left: tuple[Looked, ...]
    rounds: int


def sweep(
    store: Objects,
    subject: Subject,
    notes: Notes,
    *,
    dry_run: bool = False,
    only_look: tuple[str, ...] = (),
    report: Callable[[str], None] = lambda text: None,
) -> Figures:
    """`only_look`: prefixes whose objects are read and never changed, but for old versions."""
    read = 0
    every: list[StoredObject] = []
    removed: Counter[str] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    left: tuple[Looked, ...] = ()
    rounds = 0
    for rounds in range(1, ROUNDS + 1):  # noqa: B007 - it is reported afterwards
        every = list(store.entries())
        found = [entry for entry in every if not notes.has(store, entry)]
        changed = looked = 0
        left = ()
        with ThreadPoolExecutor(WORKERS) as pool:
            looks = pool.map(lambda entry: _look(store, subject, entry, dry_run, only_look), found)
            clean: list[StoredObject] = []
            for look in looks:
                folder = look.entry.key.partition("/")[0]
                looked += 1
                read += look.entry.size
                counts[look.outcome, folder] += 1
                removed[folder] += look.removed
                changed += look.outcome not in ("clean", "left", "gone")
                left += (look,) if look.outcome in ("left", "changed") else ()
                if look.outcome == "clean":
                    clean.append(look.entry)
                if len(clean) == 200:
                    notes.add(store, clean)
                    clean = []
                progress = f"{looked} of {len(found)} objects, {read >> 20} MiB, {sum(removed.values())} rows"
                report(f"{store.name}: {progress} taken out")
            notes.add(store, clean)
        if dry_run or not changed:
            break
    return Figures(len(every), sum(entry.size for entry in every), removed, counts, left, rounds)


def _look(
    store: Objects, subject: Subject, entry: StoredObject, dry_run: bool, only_look: tuple[str, ...]
) -> Looked:
    data = store.read(entry)
    if data is None:
        return Looked(entry, "gone")
    try:
        hits = content.hits(data, subject)
        if not hits:
            return Looked(entry, "clean")
        if not entry.is_latest:
            found = Looked(entry, "version_deleted", 0, hits)
        elif entry.key.startswith(only_look or ("\0",)):
            return Looked(entry, "left", 0, hits, "only the step of the tables changes it")
        else:
            after = content.without(entry.key, data, subject)
            if after.data is not None and content.hits(after.data, subject):
                return Looked(entry, "left", 0, hits, "it stands where no rule of erasing reaches")
            outcome = "deleted" if after.data is None else "rewritten"
            found = Looked(entry, outcome, after.removed, hits)
    except content.NotReadable as error:
        return Looked(entry, "left", 0, 0, f"cannot be read: {error}")
    if not dry_run:
        if found.outcome != "rewritten" or after.data is None:
            store.delete(entry)
        elif not store.write(entry, after.data):
            found = Looked(entry, "changed", 0, hits, "somebody else writes it all the time")
    return found
