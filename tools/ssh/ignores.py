"""Which files of a folder stay at home: `.skyignore` at the top if there is one, else every `.gitignore` in it."""

from pathlib import Path

from pathspec import GitIgnoreSpec

from tools.errors import TransferFailed

_ALWAYS = ".git"


class Ignores:
    """Git's rules while walking a folder from its top; a folder is entered before what lies in it is asked about."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sky = (root / ".skyignore").is_file()
        self._specs: dict[Path, GitIgnoreSpec] = {}

    def enter(self, folder: Path) -> None:
        """Read the rules that lie in `folder`.

        Raises:
            TransferFailed: a pattern that means nothing.
        """
        if self._sky and folder != self._root:
            return
        rules = folder / (".skyignore" if self._sky else ".gitignore")
        if not rules.is_file():
            return
        try:
            lines = rules.read_text("utf-8", "surrogateescape").splitlines()
            self._specs[folder] = GitIgnoreSpec.from_lines(lines)
        except (ValueError, OSError) as exc:
            raise TransferFailed(f"{rules} can't be understood: {exc}") from exc

    def file(self, path: Path) -> bool:
        """Whether a file or link is left out."""
        return path.name == _ALWAYS or self._decide(path, "")

    def folder(self, path: Path) -> bool:
        """Whether a whole folder is left out; nothing below it is looked at then, as git does it."""
        return path.name == _ALWAYS or self._decide(path, "/")

    def _decide(self, path: Path, suffix: str) -> bool:
        """The rules nearest to `path` that say anything decide."""
        for folder in path.parents:
            spec = self._specs.get(folder)
            verdict = spec.check_file(path.relative_to(folder).as_posix() + suffix).include if spec else None
            if verdict is not None:
                return verdict
            if folder == self._root:
                break
        return False
