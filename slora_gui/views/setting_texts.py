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
    translate = QCoreApplication.translate
    texts = {
        "linear": (
            translate("Operators", "Linear"),
            translate(
                "Operators", "Ridge regression between the normalised features, mixed with the identity; closed form"
            ),
        ),
        "weaknonlinear": (
            translate("Operators", "Weak-nonlinear"),
            translate("Operators", "A two-branch network trained on the pairs; samples are pushed through it"),
        ),
        "attention": (
            translate("Operators", "Attention (Hopfield)"),
            translate("Operators", "Exact top-k attention over the drift of the pairs; samples are pushed through it"),
        ),
        "rff": (
            translate("Operators", "RFF linear attention"),
            translate("Operators", "Random Fourier features: the linear-time approximation of the attention"),
        ),
    }
    return texts.get(name, (name, ""))


def measure_text(name: str) -> tuple[str, str]:
    """(label, what it does) of a memory measure."""
    translate = QCoreApplication.translate
    texts = {
        "feature_cache": (
            translate("Measures", "Smart feature cache"),
            translate("Measures", "Features of images seen before are kept, least recently used out first"),
        ),
        "progressive_release": (
            translate("Measures", "Progressive release"),
            translate("Measures", "Extracted features leave the device batch by batch"),
        ),
        "tiled_attention": (
            translate("Measures", "Tiled attention"),
            translate("Measures", "The attention is computed in tiles that fit the budget"),
        ),
        "device_split": (
            translate("Measures", "CPU/GPU split statistics"),
            translate("Measures", "Class statistics wait on the host and visit the device a batch at a time"),
        ),
        "adaptive_budget": (
            translate("Measures", "Budget manager"),
            translate("Measures", "Chunk sizes follow the budget; without it they are the original's 128"),
        ),
        "stage_release": (
            translate("Measures", "Release at stage borders"),
            translate("Measures", "What a stage leaves behind is given back"),
        ),
        "mixed_precision": (
            translate("Measures", "Mixed precision"),
            translate("Measures", "Half precision off the critical path; the one measure that changes results"),
        ),
        "activation_checkpointing": (
            translate("Measures", "Activation checkpointing"),
            translate("Measures", "Intermediate activations are computed again instead of kept"),
        ),
        "weak_chunks": (
            translate("Measures", "Weak-nonlinear in chunks"),
            translate("Measures", "Samples are pushed through the network a chunk at a time"),
        ),
    }
    return texts.get(name, (name.replace("_", " "), ""))


def _texts() -> dict[str, tuple[str, str]]:
    translate = QCoreApplication.translate
    return {
        "operators.linear.gamma": (
            translate("Settings", "Ridge γ"),
            translate("Settings", "Added to the diagonal of the features' Gram matrix"),
        ),
        "mixing_temperature": (
            translate("Settings", "Mixing temperature T"),
            translate("Settings", "The identity's share is exp(−N / (T d))"),
        ),
        "ridge": (
            translate("Settings", "Covariance ridge"),
            translate("Settings", "Added to the diagonal of the moved covariance"),
        ),
        "steps": (
            translate("Settings", "Training steps"),
            translate("Settings", "Steps of AdamW on the two-branch network"),
        ),
        "operators.weaknonlinear.batch": (
            translate("Settings", "Training batch"),
            translate("Settings", "Pairs of one training step, drawn with replacement"),
        ),
        "learning_rate": (
            translate("Settings", "Learning rate"),
            translate("Settings", "At the start; falls to a third by a cosine"),
        ),
        "weight_decay": (translate("Settings", "Weight decay"), translate("Settings", "Of AdamW")),
        "samples": (
            translate("Settings", "Samples of a class"),
            translate("Settings", "Drawn from the class's Gaussian and pushed through the operator"),
        ),
        "temperature": (
            translate("Settings", "Temperature τ"),
            translate("Settings", "Divides the similarities before the softmax"),
        ),
        "top_k": (
            translate("Settings", "Neighbours k"),
            translate("Settings", "Only the k most similar pairs have a weight"),
        ),
        "mean_mixing": (
            translate("Settings", "Share of the old mean"),
            translate("Settings", "0 takes the moved mean alone"),
        ),
        "covariance_blend": (
            translate("Settings", "Share of the old covariance"),
            translate("Settings", "0 takes the moved covariance alone"),
        ),
        "mean_only": (translate("Settings", "Move means only"), translate("Settings", "Covariances stay as they are")),
        "operators.rff.features": (
            translate("Settings", "Random features D"),
            translate("Settings", "More of them approximate the attention better"),
        ),
        "operators.rff.gamma": (
            translate("Settings", "Kernel width γ"),
            translate("Settings", "Of the approximated kernel"),
        ),
        "cholesky_reg": (
            translate("Settings", "Cholesky regulariser"),
            translate("Settings", "Added to the diagonal of a covariance before samples are drawn"),
        ),
        "source.pairs": (
            translate("Settings", "Pairs N"),
            translate("Settings", "Rows of features before and after the task"),
        ),
        "source.dim": (translate("Settings", "Dimension d"), translate("Settings", "Columns of the features")),
        "source.classes": (translate("Settings", "Old classes C"), translate("Settings", "Gaussians to move")),
        "source.tasks": (
            translate("Settings", "Tasks"),
            translate("Settings", "Tasks of two digits each, learnt one after another"),
        ),
        "source.features": (
            translate("Settings", "Feature file"),
            translate("Settings", ".npz or .safetensors with features_before and features_after"),
        ),
        "source.state": (
            translate("Settings", "Class state"),
            translate("Settings", ".safetensors with means and covariances"),
        ),
        "source.evaluate": (
            translate("Settings", "Evaluation file"),
            translate("Settings", "Optional: features and labels, for accuracies"),
        ),
        "source.base": (translate("Settings", "Base model"), translate("Settings", "Folder of the vision transformer")),
        "source.adapter_before": (
            translate("Settings", "Adapter before"),
            translate("Settings", "Folder of the LoRA adapter before the task; empty: the base alone"),
        ),
        "source.adapter_after": (
            translate("Settings", "Adapter after"),
            translate("Settings", "Folder of the LoRA adapter after the task"),
        ),
        "source.images": (translate("Settings", "Images"), translate("Settings", "A folder with one folder a class")),
        "source.aux_images": (
            translate("Settings", "Auxiliary images"),
            translate("Settings", "Optional: a folder of images without labels"),
        ),
        "extraction.precision": (
            translate("Settings", "Precision"),
            translate(
                "Settings",
                "All but fp32 change results; auto takes bf16 where it is measured faster and within the bound",
            ),
        ),
        "extraction.precision_bound": (
            translate("Settings", "Bound for auto"),
            translate("Settings", "Relative deviation of the features that auto may take for bf16"),
        ),
        "extraction.batch": (
            translate("Settings", "Images a pass"),
            translate("Settings", "Of one forward pass; 0: planned within the budget"),
        ),
        "extraction.stream": (
            translate("Settings", "Stream into sums"),
            translate(
                "Settings",
                "Linear and RFF fit while the images come, without a feature store, where the budget holds their sums",
            ),
        ),
        "run.seed": (translate("Settings", "Seed"), translate("Settings", "Of every random number of the run")),
        "run.threads": (translate("Settings", "CPU threads"), translate("Settings", "0 leaves the choice to PyTorch")),
        "run.sample_hz": (
            translate("Settings", "Samples a second"),
            translate("Settings", "Of the memory curve; 0 records none"),
        ),
        "distributed.processes": (
            translate("Settings", "Processes"),
            translate("Settings", "They share the run; each has a card of its own where there are enough"),
        ),
        "run.engine": (
            translate("Settings", "Engine"),
            translate("Settings", "The baseline is the original implementation, whole"),
        ),
        "run.device": (translate("Settings", "Device"), translate("Settings", "Where the run computes")),
        "output.state": (
            translate("Settings", "Moved state"),
            translate("Settings", "Where the moved class state is written; empty: nowhere"),
        ),
        "output.packed": (
            translate("Settings", "Triangles only"),
            translate("Settings", "Stores covariances in half the space"),
        ),
        "output.resume": (
            translate("Settings", "Resume"),
            translate("Settings", "Keeps what a failed run has finished beside the state and goes on from there"),
        ),
        "classifiers.lda_alpha": (
            translate("Settings", "LDA shrinkage"),
            translate("Settings", "Towards the identity"),
        ),
        "classifiers.rank": (
            translate("Settings", "LR-RGDA rank"),
            translate("Settings", "Directions kept of each covariance"),
        ),
    }
