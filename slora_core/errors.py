"""Every error the engine raises on purpose. Each carries the exit code the command line returns for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class SloraError(Exception):
    """Base of the engine's own errors.

    ``what`` happened is the message; ``remedy`` says what to do about it, or is empty. ``case`` names what happened
    where others tell it in words of their own, from its ``data`` (plain values, as in JSON); else it is empty.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, what: str, remedy: str = "", *, case: str = "", data: Mapping[str, Any] | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.case = case
        self.data: Mapping[str, Any] = data or {}


class InputError(SloraError):
    """A file, an array or an argument is not what it must be; names the thing, the value and what was expected."""

    exit_code: ClassVar[int] = 2


class ConfigError(InputError):
    """A configuration key or value is unknown or out of range."""


class DeviceError(InputError):
    """The device asked for does not exist on this machine."""


class OutputError(InputError):
    """The output cannot be written; nothing half-written is left behind."""


class NumericalError(SloraError):
    """A computation has no valid result for this input: a covariance that no jitter makes positive definite, say."""


class BudgetRefused(SloraError):
    """The run was not started: its smallest plan is above the budget. Raised before anything is computed."""

    exit_code: ClassVar[int] = 3

    def __init__(
        self, message: str, *, stage: str, budget_bytes: int, smallest_bytes: int, data: Mapping[str, Any] | None = None
    ) -> None:
        remedy = f"raise the budget to at least {smallest_bytes} bytes, or lower the sample counts"
        super().__init__(message, remedy, case="budget-refused", data=data)
        self.stage = stage
        self.budget_bytes = budget_bytes
        self.smallest_bytes = smallest_bytes


class BudgetExceeded(SloraError):
    """The ledger refused an allocation during a run: the backstop behind the plan."""

    def __init__(self, *, requested_bytes: int, live_bytes: int, budget_bytes: int) -> None:
        super().__init__(
            f"an allocation of {requested_bytes} bytes on top of {live_bytes} live bytes"
            f" would pass the budget of {budget_bytes} bytes"
        )
        self.requested_bytes = requested_bytes
        self.live_bytes = live_bytes
        self.budget_bytes = budget_bytes


class EngineDied(SloraError):
    """The isolated engine process ended without finishing its run."""


class PeerLost(SloraError):
    """Another rank of a distributed run is gone: what made it go is the cause, this is the consequence."""


class RunCancelled(SloraError):
    """The run was cancelled between two chunks."""

    exit_code: ClassVar[int] = 130

    def __init__(self) -> None:
        super().__init__("the run was cancelled")
