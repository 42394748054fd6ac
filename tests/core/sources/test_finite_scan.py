"""The scan for NaN and Inf."""

import numpy as np
import pytest
import torch

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, RunCancelled
from slora_core.events import Progress
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.ledger import Ledger
from slora_core.sources.arrays import ArrayPairs
from slora_core.sources.feature_files import EvaluationFile
from slora_core.sources.finite import check_finite, check_rows_finite
from slora_core.sources.plan import scan_options
from slora_core.types import Workload

CPU = torch.device("cpu")


def options(pairs):
    return scan_options(Workload(pairs.count, pairs.dim, 1), RunConfig(), CPU_PROFILE)


def clean(count=1000, dim=6):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, dim)).astype(np.float32), np.full((count, dim), 3e38, np.float32)


def test_clean_pairs_pass_with_every_option():
    pairs = ArrayPairs(*clean())
    assert len(options(pairs)) >= 3
    for option in options(pairs):
        check_finite(RunContext(CPU), pairs, option)


@pytest.mark.parametrize("option", [0, -1])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_bad_rows_are_counted_and_named(option, value):
    before, after = clean()
    before[17, 3] = value
    after[[2, 9, 100, 500, 501, 999], 0] = value
    pairs = ArrayPairs(before, after)
    with pytest.raises(InputError) as caught:
        check_finite(RunContext(CPU), pairs, options(pairs)[option], "feature file 'f.npz'")
    assert str(caught.value) == (
        "feature file 'f.npz': features_before holds NaN or Inf in 1 row (17); features_after holds NaN or Inf in"
        " 6 rows (2, 9, 100, 500, 501, ...); expected finite numbers"
    )


def test_float64_beyond_float32_is_not_finite(tmp_path):
    np.savez(tmp_path / "e.npz", features=np.array([[1.0], [1e300]]), labels=[0, 1])
    with EvaluationFile(tmp_path / "e.npz") as rows:
        option = scan_options(Workload(2, 1, 1), RunConfig(), CPU_PROFILE)[0]
        with pytest.raises(InputError, match=r"evaluation file .*features holds NaN or Inf in 1 row \(1\)"):
            check_rows_finite(RunContext(CPU), rows, option, "evaluation file 'e.npz'")


def test_takes_exactly_what_is_planned_and_nothing_on_a_gpu(pinned_bytes):
    pairs = ArrayPairs(*clean())
    for option in options(pairs):
        with Ledger() as ledger:
            check_finite(RunContext(CPU), pairs, option)
        assert ledger.peak_bytes == option.footprint.peak_bytes()
        assert ledger.live_bytes == 0
    on_cuda = scan_options(Workload(1000, 6, 1), RunConfig(), CUDA_PROFILE)[0].footprint
    assert (on_cuda.peak_bytes(512), pinned_bytes(on_cuda)) == (0, option_bytes(on_cuda))


def option_bytes(footprint):
    return sum(buffer.size_bytes() for buffer in footprint.standing)


def test_advances_by_pairs_and_stops_when_cancelled():
    pairs = ArrayPairs(*clean())
    events = []
    ctx = RunContext(CPU, emit=events.append)
    with ctx.stage("scan", total=1000, unit="pairs"):
        check_finite(ctx, pairs, options(pairs)[0])
    assert [event.done for event in events if isinstance(event, Progress)][-1] == 1000
    token = CancelToken()
    token.cancel()
    with pytest.raises(RunCancelled):
        check_finite(RunContext(CPU, cancel=token), pairs, options(pairs)[0])
