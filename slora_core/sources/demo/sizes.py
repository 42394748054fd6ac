"""How large each round of the demo is: counts of the data set and its split. Torch-free."""

from __future__ import annotations

from typing import Final

import numpy as np

from slora_core.config import RunConfig
from slora_core.sources.demo.digits import CLASSES_A_TASK, all_digits, task_classes, train_count
from slora_core.types import Workload

FEATURES: Final = 64
DOODLES: Final = 600
"""Unlabelled auxiliary images of a run."""


def demo_workloads(config: RunConfig) -> tuple[Workload, ...]:
    """One workload a task; task 1 has no pairs. The split leaves the counts the same for every seed."""
    counts = np.bincount(all_digits().labels)
    workloads = []
    for task in range(1, config.source.tasks + 1):
        rows = sum(train_count(int(counts[digit])) for digit in task_classes(task))
        seen = range(CLASSES_A_TASK * task)
        workloads.append(
            Workload(
                pairs=rows + DOODLES if task > 1 else 0,
                dim=FEATURES,
                classes=CLASSES_A_TASK * (task - 1),
                new_classes=CLASSES_A_TASK,
                evaluation_rows=sum(int(counts[digit]) - train_count(int(counts[digit])) for digit in seen),
                labelled_rows=rows,
            )
        )
    return tuple(workloads)
