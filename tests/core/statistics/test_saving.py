"""States of a program as files that runs take."""

import numpy as np
import pytest
from safetensors.numpy import load_file

import slora_core as slora
from slora_core.errors import InputError, OutputError
from slora_core.statistics.state_info import class_state_info

DIM = 5


def state(seed, ids=(7, 3, 5)):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(len(ids), DIM, DIM))
    return slora.ClassState.from_arrays(ids, [4] * len(ids), roots[:, 0], roots @ roots.mT)


def test_a_state_is_what_its_file_holds(tmp_path):
    saved = state(1)
    slora.save_state(tmp_path / "s.safetensors", saved)
    stored = load_file(tmp_path / "s.safetensors")
    assert set(stored) == {"class_ids", "count", "mean", "cov"}
    assert stored["class_ids"].tolist() == [7, 3, 5]
    assert stored["count"].tolist() == [4, 4, 4]
    assert np.array_equal(stored["mean"], saved.means)
    assert np.array_equal(stored["cov"], saved.covariances)


def test_states_by_operator_share_a_file_and_an_open_one_is_copied(tmp_path):
    moved = {"linear": state(1), "attention": state(2)}
    path = tmp_path / "both.safetensors"
    slora.save_state(path, moved, packed=True)
    assert class_state_info(path).operator == "linear,attention"
    stored = load_file(path)
    rows, columns = np.tril_indices(DIM)
    for name, expected in moved.items():
        assert np.array_equal(stored[f"{name}.mean"], expected.means)
        assert np.array_equal(stored[f"{name}.cov_packed"], expected.covariances[:, rows, columns])
    with slora.open_state(path, "attention") as opened:
        assert repr(opened) == f"<StateFile 'attention' of 3 classes, d = 5, {str(path)!r}>"
        slora.save_state(tmp_path / "one.safetensors", {"attention": opened})
    assert np.array_equal(load_file(tmp_path / "one.safetensors")["cov"], moved["attention"].covariances)
    assert class_state_info(tmp_path / "one.safetensors").operator == "attention"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("s.safetensors", "the state is of type str"),
        ({"linear": state(1), "rff": 3}, "the state of 'rff' is of type int"),
        ({"linear": state(1), "rff": state(1, ids=(7, 3, 6))}, "the states hold different classes"),
        ({}, "no class state"),
    ],
)
def test_what_is_no_state_leaves_the_file_as_it_was(tmp_path, given, message):
    path = tmp_path / "s.safetensors"
    path.write_bytes(b"as before")
    with pytest.raises(InputError, match=message):
        slora.save_state(path, given)
    assert path.read_bytes() == b"as before"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        slora.save_state(tmp_path / "no" / "s.safetensors", state(1))


def test_a_state_is_told_in_a_line():
    assert repr(state(1)) == "<ClassState of 3 classes, d = 5>"
