"""The order of a model's calls: each `seq_id` once, in order, and a repeat gets the first call's future."""

from collections import OrderedDict

from rzero_engine.errors import ApiError, conflict

KEPT = 4096


class Ledger:
    def __init__(self) -> None:
        self.accepted = 0
        self._calls: OrderedDict[int, tuple[str, str]] = OrderedDict()

    def repeated(self, seq_id: int, fingerprint: str) -> str | None:
        """The request id of the call that already has this number; None when the number is the next one.

        @raises ApiError 409 on another body or a gap, 410 when the call is too long ago.
        """
        if seq_id == self.accepted + 1:
            return None
        if seq_id > self.accepted:
            expected = self.accepted + 1
            raise conflict("seq_id", f"is {seq_id}, but the next call of this model is {expected}", expected=expected)
        known = self._calls.get(seq_id)
        if known is None:
            raise ApiError(410, f"seq_id {seq_id} is too long ago: its result is gone", "gone_error", "seq_id")
        if known[0] != fingerprint:
            raise conflict(
                "seq_id",
                f"{seq_id} was already used for a call with another body; the next one is {self.accepted + 1}",
                expected=self.accepted + 1,
            )
        return known[1]

    def record(self, seq_id: int, fingerprint: str, request_id: str) -> None:
        self.accepted = seq_id
        self._calls[seq_id] = (fingerprint, request_id)
        while len(self._calls) > KEPT:
            self._calls.popitem(last=False)
