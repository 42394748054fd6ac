"""Two hosts, as network namespaces of this one, under ``torchrun``: rank 0 records what both do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.records.run_file import RunFile

HOSTS = {f"slora-a-{os.getpid()}": "10.77.41.1", f"slora-b-{os.getpid()}": "10.77.41.2"}


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def hosts():
    """Two namespaces joined by a cable; skipped where the machine does not allow that."""
    if shutil.which("ip") is None or os.name != "posix" or os.geteuid() != 0:
        pytest.skip("needs ip and the right to make network namespaces")
    with ExitStack() as stack:
        for name in HOSTS:
            if (made := ip("netns", "add", name)).returncode:
                pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
            stack.callback(ip, "netns", "del", name)
        first, second = HOSTS
        ip("link", "add", "slora0", "netns", first, "type", "veth", "peer", "name", "slora0", "netns", second)
        for name, address in HOSTS.items():
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "slora0")
            for interface in ("lo", "slora0"):
                ip("-n", name, "link", "set", interface, "up")
        yield HOSTS


def launched(host, address, arguments):
    """``torchrun`` on one host, for one rank there."""
    first = next(iter(HOSTS.values()))
    command = ["ip", "netns", "exec", host, sys.executable, "-P", "-m", "torch.distributed.run"]
    command += ["--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-id", "hosts"]
    command += ["--rdzv-endpoint", f"{first}:29541", "--local-addr", address]
    command += ["--rdzv-conf", f"is_host={int(address == first)}", "-m", "slora_core", "run", *arguments]
    root = str(Path(pipeline.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "slora0"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_two_hosts_give_the_results_of_one_process(hosts, make_job, tmp_path, deviation):
    job = make_job(tmp_path / "many.safetensors")
    (tmp_path / "job.toml").write_text(job.to_toml())
    arguments = ["--config", str(tmp_path / "job.toml"), "--run-file", str(tmp_path / "run.slora")]
    runs = [launched(host, address, arguments) for host, address in hosts.items()]
    try:
        output = [run.communicate(timeout=120)[0].decode() for run in runs]
    finally:
        for run in runs:
            run.kill()
    assert [run.returncode for run in runs] == [0, 0], output
    pipeline.execute(
        job.merged({"output": {"state": str(tmp_path / "one.safetensors")}}), lambda _: None, CancelToken()
    )
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= 1e-6
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.ranks() == (0, 1)
        assert run.status == "finished"
