"""Where things of a run lie under the home (CONTRACT §6)."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunFolder:
    """`$SWINEHERD_HOME/runs/<run_id>/`; only its owner may read it."""

    path: Path

    @property
    def job_file(self) -> Path:
        """The job as it was resolved, without secrets' values."""
        return self.path / "job.yaml"

    @property
    def log(self) -> Path:
        """The job's log, secrets masked byte for byte, so that its size is the offset on the pod."""
        return self.path / "log.txt"

    @property
    def diary(self) -> Path:
        """What the run told, line by line; see `agent.diary`."""
        return self.path / "diary.jsonl"

    @property
    def report(self) -> Path:
        """The last word on the run."""
        return self.path / "report.json"

    @property
    def outputs(self) -> Path:
        """Where outputs go unless `--outputs` says otherwise."""
        return self.path / "outputs"

    @property
    def synced(self) -> Path:
        """What was fetched while the job ran, as it was last whole; never deleted."""
        return self.path / "synced"

    @property
    def workdir(self) -> Path:
        """The snapshot of the workdir, taken when the run was submitted."""
        return self.path / "snapshot" / "workdir.tar.gz"

    def mount(self, number: int, *, single_file: bool) -> Path:
        """The snapshot of the n-th file mount; its name says whether it is a folder's content or one file."""
        return self.path / "snapshot" / f"{number}.{'file' if single_file else 'folder'}.tar.gz"

    @property
    def has_snapshots(self) -> bool:
        """Until they are pruned; a job that takes no files along has an empty folder of them."""
        return (self.path / "snapshot").is_dir()

    def snapshots(self) -> list[Path]:
        """Every snapshot there is."""
        return sorted((self.path / "snapshot").iterdir())

    def make(self) -> None:
        """Create the folder, for its owner alone."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.path / "snapshot").mkdir(mode=0o700, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Home:
    """One store: one payer, one spend log, one checkpoint file."""

    path: Path

    @property
    def spend_log(self) -> Path:
        """The spend log's database."""
        return self.path / "spend.db"

    @property
    def checkpoints(self) -> Path:
        """LangGraph's checkpoints: never proof of anything about money."""
        return self.path / "checkpoints.db"

    @property
    def queue(self) -> Path:
        """The legs that workers are asked for: proof of nothing, and made anew where it is lost."""
        return self.path / "queue.db"

    @property
    def id_file(self) -> Path:
        """The name of this home among those that share a store; it goes where the runs' folders go."""
        return self.path / "home-id"

    @property
    def web_links(self) -> Path:
        """Login links to the web chat, by hash, and where it is reached."""
        return self.path / "web-links"

    def run(self, run_id: str) -> RunFolder:
        """The folder of one run."""
        return RunFolder(self.path / "runs" / run_id)

    def batch_report(self, batch_id: str) -> Path:
        """The last word on a batch."""
        return self.path / "batches" / f"{batch_id}.json"

    @property
    def chat(self) -> Path:
        """What text channels were given to show; see `agent.chat.posted`."""
        return self.path / "chat"

    @property
    def sandbox(self) -> "Home":
        """The sandbox's own store, below this one."""
        return Home(self.path / "sandbox")


def write_atomically(path: Path, text: str) -> None:
    """Put `text` at `path` whole or not at all, readable by its owner alone, durable when this returns."""
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
