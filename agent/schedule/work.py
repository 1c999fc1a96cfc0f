"""What a job does, whatever lies in its files: what a yes to many nights covers."""

from agent.submit import ReadJob, fingerprint, place_of


def work_of(read: ReadJob) -> str:
    """SHA-256 of commands, places of files, names of variables and outputs.

    The digest that a single order is bound to has the files' content instead of their places: a schedule is there to
    run the same commands on what lies there each night. Raises `BadJob` where a path is none.
    """
    job, base = read.job, read.path.parent
    named = dict(job.file_mounts) | ({"workdir": job.workdir} if job.workdir is not None else {})
    return fingerprint(job, {remote: str(place_of(base, local, remote)) for remote, local in named.items()})
