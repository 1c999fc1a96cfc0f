"""Every error swineherd raises, and the only ones its callers need to know.

SwineherdError
├── MarketUnavailable   a read got no answer: safe to repeat
├── OutcomeUnknown      a write got no (readable) answer: reconcile, never repeat
├── NothingSent         a write surely never left: DNS, connect or TLS failed
├── Refused             the provider said no, with a status code
│   ├── BadCredentials  401 or 403
│   └── OfferGone       404 to a read or an order, or the GPU is not listed any more
├── Malformed           an answer, an address or a file that breaks its documented form
├── HostUnreachable     a pod does not answer over SSH: retry
├── LoginRefused        a pod answers and refuses every key
├── HostKeyChanged      a pod shows another host key than at first contact
├── TransferFailed      outputs did not arrive whole
│   └── LogCutShort     the job's log on the pod is shorter than what we have of it
├── IntentAlreadyOpen   this run, or this API key, has money in flight
├── OfferPutAside       another offer was asked for while this one was about to be asked about
└── StoreUnusable       the spend log can't be opened or written: no spending
    └── StoreBusy       only because another process holds it, or its server is away: nothing is broken
"""


class SwineherdError(Exception):
    """Base of all errors raised on purpose."""


class MarketUnavailable(SwineherdError):
    """A read got no answer; repeating it is safe."""


class OutcomeUnknown(SwineherdError):
    """A write may have happened; it must be reconciled and never repeated."""


class NothingSent(SwineherdError):
    """A write failed before its first byte left (DNS, connect, TLS)."""


class Refused(SwineherdError):
    """The provider answered no.

    Attributes:
        status: the HTTP status code; it alone decides, the body is never interpreted.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class BadCredentials(Refused):
    """401 or 403: the API key is missing or wrong."""


class OfferGone(Refused):
    """What was asked for is not there (404)."""


class Malformed(SwineherdError):
    """Something from outside breaks its documented form; nothing of it is believed."""


class HostUnreachable(SwineherdError):
    """A pod does not answer over SSH (yet, or any more)."""


class LoginRefused(SwineherdError):
    """A pod answers over SSH and refuses every key that was offered."""


class HostKeyChanged(SwineherdError):
    """A pod shows another host key than the one pinned at first contact."""


class TransferFailed(SwineherdError):
    """Files did not arrive whole, or would have left their folder."""


class LogCutShort(TransferFailed):
    """The job's log on the pod is shorter than what we have of it: the job began it anew (`> /dev/stderr` does)."""


class IntentAlreadyOpen(SwineherdError):
    """Money of this run, or on this API key, is already in flight."""


class OfferPutAside(SwineherdError):
    """The offer is not its run's current one any more: a human, or another process, was quicker."""


class NotWanted(SwineherdError):
    """A reserved purchase is not to be sent any more: its run is over, or what paid for it was taken back."""


class StoreUnusable(SwineherdError):
    """The spend log can't be opened, read or written; nothing may be spent."""


class StoreBusy(StoreUnusable):
    """Another process has held the spend log for too long, or its server does not answer; nothing of it is broken."""
