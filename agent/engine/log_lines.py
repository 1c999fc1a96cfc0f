"""What a worker says, on stderr: JSON without a terminal, the run's id in every line about one, and no secret."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from policies.order import with_short_ids


class LogFace:
    """A `Face`: what happens to a run, as lines of the log. The job's own output is in the run's folder."""

    def __init__(self) -> None:
        self._log = structlog.get_logger()

    def tell(self, run_id: str, line: str) -> None:
        """One line; what concerns no run has no run id."""
        self._log.info(line, **({"run_id": run_id} if run_id else {}))

    def job_output(self, run_id: str, data: bytes) -> None:
        """Nothing: it is in `log.txt`."""

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        """Seen by whoever wants to see everything."""
        self._log.debug("gpu", run_id=run_id, util=util, memory=memory)


def log_to_stderr() -> None:
    """Our own lines, and the warnings of DBOS and uvicorn, in one form."""
    last = _for_humans() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        shorten_order_ids,
    ]
    structlog.configure(
        processors=[*before, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    for name in ("dbos", "uvicorn", ""):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.WARNING)


def _for_humans() -> Processor:
    """Plain tracebacks: the pretty ones show local variables, and those may be secrets."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def shorten_order_ids(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Whoever knows an order's id can end its pod; ours name none whole, but an error from elsewhere may."""
    return {name: with_short_ids(value) if isinstance(value, str) else value for name, value in line.items()}
