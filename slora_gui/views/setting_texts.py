"""What the keys of the configuration are called in the window, and a line on each."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def setting_text(path: tuple[str, ...]) -> tuple[str, str]:
    """(label, tool tip) of a key; a key that is not named here is shown under its own name."""
    texts = _texts()
    found = texts.get(".".join(path)) or texts.get(path[-1])
    return found or (path[-1].replace("_", " "), ".".join(path))


def operator_text(name: str) -> tuple[str, str]:
    """(label, what it does) of a transition operator."""
    tr = QCoreApplication.translate
    texts = {
        "linear": (
            tr("Operators", "Linear"),
            tr("Operators", "Ridge regression between the normalised features, mixed with the identity; closed form"),
        ),
        "weaknonlinear": (
            tr("Operators", "Weak-nonlinear"),
            tr("Operators", "A two-branch network trained on the pairs; samples are pushed through it"),
        ),
        "attention": (
            tr("Operators", "Attention (Hopfield)"),
            tr("Operators", "Exact top-k attention over the drift of the pairs; samples are pushed through it"),
        ),
        "rff": (
            tr("Operators", "RFF linear attention"),
            tr("Operators", "Random Fourier features: the linear-time approximation of the attention"),
        ),
    }
    return texts.get(name, (name, ""))


def measure_text(name: str) -> tuple[str, str]:
    """(label, what it does) of a memory measure."""
    tr = QCoreApplication.translate
    texts = {
        "feature_cache": (
            tr("Measures", "Smart feature cache"),
            tr("Measures", "Features of images seen before are kept, least recently used out first"),
        ),
        "progressive_release": (
            tr("Measures", "Progressive release"),
            tr("Measures", "Extracted features leave the device batch by batch"),
        ),
        "tiled_attention": (
            tr("Measures", "Tiled attention"),
            tr("Measures", "The attention is computed in tiles that fit the budget"),
        ),
        "device_split": (
            tr("Measures", "CPU/GPU split statistics"),
            tr("Measures", "Class statistics wait on the host and visit the device a batch at a time"),
        ),
        "adaptive_budget": (
            tr("Measures", "Budget manager"),
            tr("Measures", "Chunk sizes follow the budget; without it they are the original's 128"),
        ),
        "stage_release": (
            tr("Measures", "Release at stage borders"),
            tr("Measures", "What a stage leaves behind is given back"),
        ),
        "mixed_precision": (
            tr("Measures", "Mixed precision"),
            tr("Measures", "Half precision off the critical path; the one measure that changes results"),
        ),
        "activation_checkpointing": (
            tr("Measures", "Activation checkpointing"),
            tr("Measures", "Intermediate activations are computed again instead of kept"),
        ),
        "weak_chunks": (
            tr("Measures", "Weak-nonlinear in chunks"),
            tr("Measures", "Samples are pushed through the network a chunk at a time"),
        ),
    }
    return texts.get(name, (name.replace("_", " "), ""))


def _texts() -> dict[str, tuple[str, str]]:
    tr = QCoreApplication.translate
    return {
        "operators.linear.gamma": (
            tr("Settings", "Ridge γ"),
            tr("Settings", "Added to the diagonal of the features' Gram matrix"),
        ),
        "mixing_temperature": (
            tr("Settings", "Mixing temperature T"),
            tr("Settings", "The identity's share is exp(−N / (T d))"),
        ),
        "ridge": (tr("Settings", "Covariance ridge"), tr("Settings", "Added to the diagonal of the moved covariance")),
        "steps": (tr("Settings", "Training steps"), tr("Settings", "Steps of AdamW on the two-branch network")),
        "operators.weaknonlinear.batch": (
            tr("Settings", "Training batch"),
            tr("Settings", "Pairs of one training step, drawn with replacement"),
        ),
        "learning_rate": (
            tr("Settings", "Learning rate"),
            tr("Settings", "At the start; falls to a third by a cosine"),
        ),
        "weight_decay": (tr("Settings", "Weight decay"), tr("Settings", "Of AdamW")),
        "samples": (
            tr("Settings", "Samples of a class"),
            tr("Settings", "Drawn from the class's Gaussian and pushed through the operator"),
        ),
        "temperature": (tr("Settings", "Temperature τ"), tr("Settings", "Divides the similarities before the softmax")),
        "top_k": (tr("Settings", "Neighbours k"), tr("Settings", "Only the k most similar pairs have a weight")),
        "mean_mixing": (tr("Settings", "Share of the old mean"), tr("Settings", "0 takes the moved mean alone")),
        "covariance_blend": (
            tr("Settings", "Share of the old covariance"),
            tr("Settings", "0 takes the moved covariance alone"),
        ),
        "mean_only": (tr("Settings", "Move means only"), tr("Settings", "Covariances stay as they are")),
        "operators.rff.features": (
            tr("Settings", "Random features D"),
            tr("Settings", "More of them approximate the attention better"),
        ),
        "operators.rff.gamma": (tr("Settings", "Kernel width γ"), tr("Settings", "Of the approximated kernel")),
        "cholesky_reg": (
            tr("Settings", "Cholesky regulariser"),
            tr("Settings", "Added to the diagonal of a covariance before samples are drawn"),
        ),
        "source.pairs": (tr("Settings", "Pairs N"), tr("Settings", "Rows of features before and after the task")),
        "source.dim": (tr("Settings", "Dimension d"), tr("Settings", "Columns of the features")),
        "source.classes": (tr("Settings", "Old classes C"), tr("Settings", "Gaussians to move")),
        "source.tasks": (tr("Settings", "Tasks"), tr("Settings", "Tasks of two digits each, learnt one after another")),
        "source.features": (
            tr("Settings", "Feature file"),
            tr("Settings", ".npz or .safetensors with features_before and features_after"),
        ),
        "source.state": (tr("Settings", "Class state"), tr("Settings", ".safetensors with means and covariances")),
        "source.evaluate": (
            tr("Settings", "Evaluation file"),
            tr("Settings", "Optional: features and labels, for accuracies"),
        ),
        "source.base": (tr("Settings", "Base model"), tr("Settings", "Folder of the vision transformer")),
        "source.adapter_before": (
            tr("Settings", "Adapter before"),
            tr("Settings", "Folder of the LoRA adapter before the task; empty: the base alone"),
        ),
        "source.adapter_after": (
            tr("Settings", "Adapter after"),
            tr("Settings", "Folder of the LoRA adapter after the task"),
        ),
        "source.images": (tr("Settings", "Images"), tr("Settings", "A folder with one folder a class")),
        "source.aux_images": (
            tr("Settings", "Auxiliary images"),
            tr("Settings", "Optional: a folder of images without labels"),
        ),
        "run.seed": (tr("Settings", "Seed"), tr("Settings", "Of every random number of the run")),
        "run.threads": (tr("Settings", "CPU threads"), tr("Settings", "0 leaves the choice to PyTorch")),
        "run.sample_hz": (tr("Settings", "Samples a second"), tr("Settings", "Of the memory curve; 0 records none")),
        "run.engine": (tr("Settings", "Engine"), tr("Settings", "The baseline is the original implementation, whole")),
        "run.device": (tr("Settings", "Device"), tr("Settings", "Where the run computes")),
        "output.state": (
            tr("Settings", "Moved state"),
            tr("Settings", "Where the moved class state is written; empty: nowhere"),
        ),
        "output.packed": (tr("Settings", "Triangles only"), tr("Settings", "Stores covariances in half the space")),
        "output.resume": (
            tr("Settings", "Resume"),
            tr("Settings", "Keeps what a failed run has finished beside the state and goes on from there"),
        ),
        "classifiers.lda_alpha": (tr("Settings", "LDA shrinkage"), tr("Settings", "Towards the identity")),
        "classifiers.rank": (tr("Settings", "LR-RGDA rank"), tr("Settings", "Directions kept of each covariance")),
    }
