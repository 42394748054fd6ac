"""What the window imports of sources, statistics and numerics brings no torch."""

import subprocess
import sys

import pytest

MODULES = (
    "slora_core.sources.file_info",
    "slora_core.sources.plan",
    "slora_core.sources.presets",
    "slora_core.sources.synthetic_model",
    "slora_core.sources.tensor_file",
    "slora_core.sources.unpack",
    "slora_core.statistics.journal",
    "slora_core.statistics.labels",
    "slora_core.statistics.packing",
    "slora_core.statistics.plan",
    "slora_core.statistics.state_info",
    "slora_core.numerics.moments_plan",
)


def test_no_torch():
    script = f"import sys, {', '.join(MODULES)}; print([m for m in sys.modules if m.partition('.')[0] == 'torch'])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_the_sizes_of_a_file_need_no_torch(tmp_path, suffix):
    import numpy as np
    from safetensors.numpy import save_file

    arrays = {"features_before": np.ones((3, 2)), "features_after": np.ones((3, 2))}
    path = tmp_path / f"f{suffix}"
    np.savez(path, **arrays) if suffix == ".npz" else save_file(arrays, path)
    script = (
        "import sys; from slora_core.sources.file_info import feature_file_info;"
        "info = feature_file_info(sys.argv[1]); print(info.rows, info.dim, 'torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["3", "2", "False"]
