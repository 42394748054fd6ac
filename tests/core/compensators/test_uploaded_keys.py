"""Keys that come to a device from its host: a move with them gives the results of resident keys in planned memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conformance import deviation, fitted, make_problem, moved
from hypothesis import given, settings
from hypothesis import strategies as st
from upload_fakes import EarlyUploads, LateUploads

from slora_core.compensators.attention import operator
from slora_core.compensators.attention.buffers import move_footprint
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.ledger import Ledger
from slora_core.memory.plan import Option


@pytest.mark.parametrize("way", ["pinned", "read_ahead"])
@pytest.mark.parametrize("uploads", [EarlyUploads, LateUploads])
@settings(max_examples=25, derandomize=True, deadline=None)
@given(data=st.data())
def test_a_move_gives_the_result_of_resident_keys_and_takes_what_is_planned(
    uploads, way: str, pinned_bytes: Callable[[Footprint], int], data: st.DataObject
) -> None:
    draw = data.draw
    problem = make_problem(
        pairs=draw(st.integers(2, 300)),
        dim=draw(st.integers(1, 10)),
        classes=draw(st.integers(1, 5)),
        samples=draw(st.integers(2, 40)),
        duplicates=draw(st.booleans()),
        operators={"attention": {"top_k": draw(st.integers(1, 320))}},
    )
    choice = AttentionChoice(
        16,
        draw(st.integers(1, 320)),
        resident=False,
        form=draw(st.sampled_from(["rows", "tiles"])),
        batch=draw(st.integers(1, 4)),
        **{way: True},
    )
    option = Option(choice, move_footprint(problem.workload, problem.config, CUDA_PROFILE, choice), 0.0)
    with pytest.MonkeyPatch.context() as patch, Ledger() as ledger:
        patch.setattr(operator, "CopyStream", lambda device, slots: uploads())
        got = moved(fitted("attention", problem), problem, option)
        device_bytes = option.footprint.peak_bytes() - option.footprint.workspace_bytes
        assert ledger.peak_bytes == device_bytes + pinned_bytes(option.footprint)
    resident = AttentionChoice(40, 10**6, resident=True)
    reference = moved(
        fitted("attention", problem),
        problem,
        Option(resident, move_footprint(problem.workload, problem.config, CPU_PROFILE, resident), 0.0),
    )
    assert deviation(got.means, reference.means) < 1e-6
    assert deviation(got.covariances, reference.covariances) < 1e-6
