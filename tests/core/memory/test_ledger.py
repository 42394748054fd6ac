"""The ledger against the allocator's own events, against a model of random programs, and at its limits."""

from __future__ import annotations

import copy
import gc
import importlib.util
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from slora_core.errors import BudgetExceeded
from slora_core.memory import ledger as ledger_module
from slora_core.memory.ledger import Ledger

FOREIGN = np.random.default_rng(0).random((64, 16), dtype=np.float32)


def views():
    whole = torch.empty(100, 10)
    part = whole[3:50].t()
    del whole
    dense = part.contiguous()
    return part.reshape(-1), dense.view(-1)


def in_place():
    x, y = torch.ones(50, 50), torch.ones(50, 50)
    x.add_(y).mul_(y).neg_().clamp_(0, 1)
    del y
    torch.ones(30, 30).exp_()
    return x[0].zero_()


def outs():
    a, empty = torch.ones(20, 20), torch.empty(0)
    torch.mm(a, a, out=empty)
    values, indices = torch.empty(0), torch.empty(0, dtype=torch.int64)
    torch.sort(a, out=(values, indices))
    planned = torch.empty(20, 20)
    torch.sub(a, empty, out=planned)
    return planned, values, indices


def freed_temporaries():
    x = torch.ones(40, 40)
    for _ in range(3):
        x = (x + x).mm(x) @ x.t()
    return x.double().sum(0)


def foreign_memory():
    mapped = torch.from_numpy(FOREIGN)
    rows = mapped[8:24].t()[:4]
    also = torch.as_tensor(FOREIGN)[2], torch.asarray(FOREIGN).view(-1), torch.frombuffer(FOREIGN, dtype=torch.int32)
    return mapped, rows, also, rows.mm(mapped[8:24])


def copies_of_foreign_memory():
    return torch.tensor(FOREIGN), torch.from_numpy(FOREIGN).clone(), torch.tensor([[1.0, 2.0], [3.0, 4.0]])


def storages_from_outside_the_dispatcher():
    return copy.deepcopy(nn.Linear(6, 6)), torch.ones(5).resize_(100)


def several_results():
    values, vectors = torch.linalg.eigh(torch.eye(12))
    pieces = torch.ones(30, 4).split(7)
    return values, vectors, pieces[1], torch.max(torch.ones(5, 6), dim=0)


def autograd():
    w1, w2 = torch.ones(16, 32, requires_grad=True), torch.ones(32, 4, requires_grad=True)
    x = torch.ones(10, 16)
    for _ in range(2):
        hidden = x.mm(w1).relu()
        loss = hidden.mm(w2).sum()
        loss.backward()
    return w1, w2, x, hidden


def double_backward():
    x = torch.ones(8, 8, requires_grad=True)
    (gradient,) = torch.autograd.grad(x.mm(x).exp(), x, torch.ones(8, 8), create_graph=True)
    gradient.backward(torch.ones(8, 8))
    return x


@pytest.mark.parametrize(
    "program",
    [
        views,
        in_place,
        outs,
        freed_temporaries,
        foreign_memory,
        copies_of_foreign_memory,
        storages_from_outside_the_dispatcher,
        several_results,
        autograd,
        double_backward,
    ],
)
def test_the_allocator_agrees_to_the_byte(profiled, program):
    allocator, ledger = profiled(program)

    assert ledger.live == allocator.live
    # the library's own scratch (a scalar operand, a LAPACK work array) is the only thing that may pass unseen
    scratch = {several_results: 4096, autograd: 16, double_backward: 16}.get(program, 0)
    assert allocator.peak - scratch <= ledger.peak <= allocator.peak


def test_the_allocator_agrees_on_a_training_run(profiled):
    def train():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(16, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 8))
        momenta = [torch.zeros_like(parameter) for parameter in model.parameters()]
        x = torch.randn(32, 16)
        for _ in range(3):
            nn.functional.mse_loss(model(x), torch.zeros(32, 8)).backward()
            with torch.no_grad():
                for momentum, parameter in zip(momenta, model.parameters(), strict=True):
                    momentum.mul_(0.9).add_(parameter.grad)
                    parameter.sub_(momentum * 0.1)
            model.zero_grad()
        return model, momenta, x

    allocator, ledger = profiled(train)

    assert ledger.live == allocator.live
    assert allocator.peak * 0.99 <= ledger.peak <= allocator.peak


def test_inference_mode_hides_no_temporary(profiled):
    def program():
        with torch.inference_mode():
            x = torch.ones(3, 20, 5)
            return nn.functional.linear(x, torch.ones(7, 5), torch.ones(7)), x.transpose(0, 1).reshape(-1).matmul(
                torch.ones(300)
            )

    allocator, ledger = profiled(program)

    assert ledger == allocator


def test_a_mapped_file_is_not_engine_memory(tmp_path: Path):
    path = tmp_path / "rows.bin"
    path.write_bytes(FOREIGN.tobytes())

    with Ledger() as ledger:
        rows = torch.from_file(str(path), size=FOREIGN.size).view(FOREIGN.shape)[3:9]
        copied = rows.clone()

    assert ledger.live_bytes == copied.numel() * 4


def test_storages_older_than_the_ledger_are_not_counted():
    old = torch.ones(100)

    with Ledger() as ledger:
        kept = old.view(10, 10)[2:], old.add_(1)
        del old
        assert ledger.live_bytes == 0
        new = kept[0] * kept[0]

    assert ledger.live_bytes == new.numel() * 4


def test_the_graph_keeps_what_it_saved_and_lets_it_go():
    with Ledger() as ledger:
        x = torch.ones(100, requires_grad=True)
        y = x.exp().sum()
        assert ledger.live_bytes == 400 + 400 + 4
        del y

    assert ledger.live_bytes == 400


def test_memory_is_counted_after_the_ledger_is_left():
    with Ledger() as ledger:
        x = torch.ones(100)
        outer = [x]
        outer.append(outer)
    assert ledger.live_bytes == 400

    del x, outer
    gc.collect()

    assert ledger.live_bytes == 0
    assert ledger.peak_bytes == 400


FACTORIES = {
    "empty": lambda: torch.empty(10, 10),
    "zeros": lambda: torch.zeros(10, 10, dtype=torch.float64),
    "ones": lambda: torch.ones(10, dtype=torch.bool),
    "full": lambda: torch.full((5, 5), 2.0),
    "full of integers": lambda: torch.full((5, 5), 2),
    "full of bools": lambda: torch.full((5, 5), True),
    "randn": lambda: torch.randn(7, 3),
    "generator": lambda: torch.rand(7, 3, generator=torch.Generator()),
    "strided": lambda: torch.empty_strided((4, 3), (10, 1)),
    "strided empty": lambda: torch.empty_strided((0, 3), (10, 1)),
    "new": lambda: torch.empty(0, dtype=torch.float64).new_zeros(6, 2),
    "new full": lambda: torch.empty(0).new_full((6, 2), 1, dtype=torch.int64),
    "like": lambda: torch.zeros_like(torch.from_numpy(FOREIGN)[:3]),
    "clone": lambda: torch.from_numpy(FOREIGN)[:, 2].clone(memory_format=torch.preserve_format),
    "clone expanded": lambda: torch.from_numpy(FOREIGN)[:1].expand(9, 16).clone(),
    "cast": lambda: torch.from_numpy(FOREIGN).to(torch.float64),
}


@pytest.mark.parametrize("name", FACTORIES)
def test_a_factory_is_refused_before_it_allocates(profiled, recording, name):
    need = profiled(FACTORIES[name]).allocator.peak

    with Ledger(need):
        made = FACTORIES[name]()
    assert made.untyped_storage().nbytes() == need
    if need:
        with Ledger(need - 1) as ledger, recording, pytest.raises(BudgetExceeded):
            FACTORIES[name]()
        assert recording.changes == []
        assert (ledger.live_bytes, ledger.peak_bytes, ledger.allocations) == (0, 0, 0)


def test_the_budget_itself_is_allowed():
    with Ledger(400) as ledger:
        x = torch.empty(100)
        with pytest.raises(BudgetExceeded) as refused:
            torch.empty(1)
        del x
        torch.empty(100)

    assert (refused.value.requested_bytes, refused.value.live_bytes, refused.value.budget_bytes) == (4, 400, 400)
    assert ledger.peak_bytes == 400


def test_a_result_that_passes_the_budget_is_refused_and_dropped(recording):
    a = torch.ones(100, 50)
    with Ledger(30_000) as ledger:
        first = a + a
        with recording, pytest.raises(BudgetExceeded) as refused:
            a @ a.t()
        assert refused.value.requested_bytes == 40_000
        assert recording.changes == [40_000, -40_000]
        del refused
        assert (ledger.live_bytes, ledger.peak_bytes) == (20_000, 20_000)
        del first
        assert (a + a).shape == a.shape


def test_an_output_grown_past_the_budget_is_reported_and_counted():
    a, grown = torch.ones(20, 20), False
    with Ledger(1000) as ledger:
        out = torch.empty(0)
        try:
            torch.mm(a, a, out=out)
        except BudgetExceeded:
            grown = True
        assert grown
        assert ledger.live_bytes == out.untyped_storage().nbytes() == 1600
        del out

    assert ledger.live_bytes == 0


def test_unbudgeted_work_is_counted_but_not_refused():
    with Ledger(100) as ledger:
        with ledger.unbudgeted():
            x = torch.empty(1000)
        assert ledger.live_bytes == x.untyped_storage().nbytes()
        with pytest.raises(BudgetExceeded):
            torch.empty(1)


def test_nested_peaks():
    with Ledger() as ledger:
        base = torch.empty(100)
        ledger.push_peak()
        torch.empty(300)
        ledger.push_peak()
        torch.empty(200)
        inner = ledger.pop_peak()
        ledger.push_peak()
        second = ledger.pop_peak()
        outer = ledger.pop_peak()
        torch.empty(50)

    assert (inner, second, outer) == (1200, 400, 1600)
    assert ledger.peak_bytes == 1600
    assert ledger.live_bytes == base.untyped_storage().nbytes()


def test_in_place_work_allocates_nothing():
    with Ledger() as ledger:
        a, b, out = torch.ones(8, 8), torch.ones(8, 8), torch.empty(8, 8)
        before = ledger.allocations
        for _ in range(5):
            torch.mm(a, b, out=out)
            out.add_(a).clamp_(max=1)
            out[2:4].copy_(b[:2])

    assert (before, ledger.allocations) == (3, 3)


def test_every_thread_that_enters_is_counted_and_frees_count_from_anywhere():
    ledger, made, barrier = Ledger(), [], threading.Barrier(3)

    def work(entered: bool) -> None:
        if entered:
            with ledger:
                barrier.wait()
                made.extend([torch.empty(10) for _ in range(200)])
                for _ in range(200):
                    torch.empty(10)
        else:
            barrier.wait()
            made.extend([torch.empty(10) for _ in range(200)])

    threads = [threading.Thread(target=work, args=(entered,)) for entered in (True, True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    del thread, threads

    assert ledger.live_bytes == 2 * 200 * 40
    assert ledger.allocations == 800
    made.clear()
    assert ledger.live_bytes == 0


def test_the_first_operation_does_not_load_the_compiler(monkeypatch: pytest.MonkeyPatch):
    spec = importlib.util.spec_from_file_location("fresh_ledger", ledger_module.__file__)
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # importing it now raises

    with fresh.Ledger() as ledger:
        torch.empty(3) + 1

    assert ledger.allocations == 2


Step = tuple[str, int, int]
STEPS = st.tuples(
    st.sampled_from(["new", "view", "reshape", "out", "in place", "add", "drop", "foreign", "push", "pop"]),
    st.integers(0, 99),
    st.integers(1, 50),
)


class Model:
    """What each step must do to the account, from the meaning of the step alone: names, owners and sizes."""

    def __init__(self, budget: int | None) -> None:
        self.tensors: list[tuple[torch.Tensor, int]] = []  # (tensor, owner), owner -1 for foreign memory
        self.sizes: dict[int, int] = {-1: 0}
        self.budget = budget
        self.curves: list[list[int]] = [[0]]

    @property
    def live(self) -> int:
        return sum(self.sizes[owner] for owner in {owner for _, owner in self.tensors})

    def pick(self, number: int) -> tuple[torch.Tensor, int]:
        return self.tensors[number % len(self.tensors)]

    def allocate(self, make, size: int) -> None:
        """A step that needs ``size`` new bytes: it succeeds exactly when they fit."""
        fits = self.budget is None or self.live + size <= self.budget
        made = made_or_refused(make)
        if not fits:
            assert made == (size, self.live)
        else:
            owner = len(self.sizes)
            self.sizes[owner] = size
            self.tensors.append((made, owner))


def made_or_refused(make):
    """The tensor, or (requested, live) of its refusal; nothing of an exception stays alive."""
    try:
        return make()
    except BudgetExceeded as error:
        return error.requested_bytes, error.live_bytes


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=40), budget=st.none() | st.integers(0, 2000))
def test_random_programs(steps: list[Step], budget: int | None):
    model, ledger = Model(budget), Ledger(budget)
    with ledger:
        for step in steps:
            _take(model, ledger, *step)
            assert ledger.live_bytes == model.live
            for curve in model.curves:
                curve.append(model.live)
        assert ledger.peak_bytes == max(model.curves[0])
        model.tensors.clear()
        assert ledger.live_bytes == 0


def _take(model: Model, ledger: Ledger, kind: str, number: int, size: int) -> None:
    if kind == "push":
        ledger.push_peak()
        model.curves.append([model.live])
    elif kind == "pop" and len(model.curves) > 1:
        assert ledger.pop_peak() == max(model.curves.pop())
    elif kind == "new":
        model.allocate(lambda: torch.empty(size, 2), size * 8)
    elif kind == "foreign":
        model.tensors.append((torch.from_numpy(FOREIGN[:size]), -1))
    elif model.tensors:
        _take_with(model, kind, number, size)


def _take_with(model: Model, kind: str, number: int, size: int) -> None:
    tensor, owner = model.pick(number)
    if kind == "view":
        model.tensors.append((tensor[: max(1, len(tensor) // 2)].t().t(), owner))
    elif kind == "reshape":
        if tensor.is_contiguous():
            model.tensors.append((tensor.reshape(tensor.shape), owner))
        else:
            model.allocate(tensor.contiguous, tensor.numel() * 4)
    elif kind == "in place" and owner != -1:
        tensor.add_(tensor).neg_()
    elif kind == "add":
        model.allocate(lambda: tensor + tensor, tensor.numel() * 4)
    elif kind == "out" and model.budget is None:
        empty = torch.empty(0)
        model.allocate(lambda: torch.neg(tensor, out=empty), tensor.numel() * 4)
    elif kind == "drop":
        model.tensors.pop(number % len(model.tensors))
