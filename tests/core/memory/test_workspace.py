import pytest
import torch
from faulty_ledger import FaultyLedger
from hypothesis import given, settings
from hypothesis import strategies as st

from slora_core.errors import BudgetExceeded
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.ledger import Ledger
from slora_core.memory.workspace import Workspace, releasing, retaining

CPU = torch.device("cpu")
STAGE = Footprint(
    kept=(Buffer("operator", (10, 10), "float64"),),
    standing=(Buffer("rows", (50, 10)), Buffer("info", (), "int32")),
    phases=(("sum", (Buffer("wide", (50, 10), "float64"),)), ("solve", (Buffer("factor", (10, 10), "float64"),))),
)
shapes = st.lists(st.integers(1, 6), max_size=2).map(tuple)
dtypes = st.sampled_from(["float64", "float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool"])


@st.composite
def stages(draw) -> Footprint:
    counts = draw(st.lists(st.integers(0, 3), min_size=3, max_size=5))
    groups = [
        tuple(Buffer(f"b{group}.{item}", draw(shapes), draw(dtypes)) for item in range(count))
        for group, count in enumerate(counts)
    ]
    return Footprint(kept=groups[0], standing=groups[1], phases=tuple((f"p{i}", g) for i, g in enumerate(groups[2:])))


@settings(max_examples=50)
@given(stage=stages())
def test_what_was_planned_is_what_happens(stage: Footprint):
    with Ledger() as ledger:
        with Workspace(stage, CPU) as workspace:
            for name, _ in stage.phases:
                with workspace.phase(name):
                    pass
            kept = [workspace.take(buffer.name) for buffer in stage.kept]
        assert ledger.peak_bytes == stage.peak_bytes()
        assert ledger.live_bytes == stage.totals()[1]
        del kept


def test_buffers_have_their_shapes_and_types():
    with Workspace(STAGE, CPU) as workspace, workspace.phase("sum"):
        assert workspace["operator"].shape == (10, 10)
        assert workspace["operator"].dtype == torch.float64
        assert workspace["info"].dtype == torch.int32
        assert workspace["wide"].shape == (50, 10)


def test_a_phase_ends_with_its_buffers_even_when_it_fails():
    workspace = Workspace(STAGE, CPU)
    with pytest.raises(ZeroDivisionError), workspace.phase("sum"):
        raise ZeroDivisionError

    with pytest.raises(KeyError):
        workspace["wide"]
    with workspace.phase("solve"):
        assert workspace["factor"].shape == (10, 10)


def test_phases_do_not_nest():
    with Workspace(STAGE, CPU) as workspace, workspace.phase("sum"):
        with pytest.raises(ValueError, match=r"'solve' opened inside phase 'sum'"), workspace.phase("solve"):
            pass
        assert workspace["wide"].shape == (50, 10)


def test_a_name_stands_for_one_buffer():
    twice = Footprint(standing=(Buffer("rows", (2,)),), phases=(("sum", (Buffer("rows", (3,)),)),))
    with Workspace(twice, CPU) as workspace:
        with pytest.raises(ValueError, match="'rows' is declared twice"), workspace.phase("sum"):
            pass
        assert workspace["rows"].shape == (2,)


def test_a_refused_workspace_leaves_nothing():
    def attempt() -> bool:
        try:
            Workspace(STAGE, CPU)
        except BudgetExceeded:
            return False
        return True

    with FaultyLedger(STAGE.peak_bytes() - 1) as ledger:
        ledger.fail_at(2)
        assert not attempt()
        assert ledger.live_bytes == 0
        workspace = Workspace(STAGE, CPU)
        with pytest.raises(BudgetExceeded), workspace.phase("sum"):
            pass
        with workspace.phase("solve"):
            assert ledger.live_bytes == STAGE.peak_bytes() - 50 * 10 * 8 + 10 * 10 * 8


def test_a_run_that_retains_buffers_releases_those_that_are_not_its_own():
    with Ledger() as ledger, retaining():
        with releasing(), Workspace(STAGE, CPU):
            pass
        assert ledger.live_bytes == 0
        with Workspace(STAGE, CPU):
            pass
        assert ledger.live_bytes == sum(buffer.size_bytes() for buffer in STAGE.kept + STAGE.standing)


def test_staging_buffers_exist_beside_a_cpu_too():
    staging = Footprint(standing=(Buffer("staged", (4, 3), pinned=True),))

    with Workspace(staging, CPU) as workspace:
        assert workspace["staged"].device == CPU
