"""The names and arguments by which SubspaceLoRA's versions ask for the same things."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from slora_core.errors import ConfigError
from slora_core.types import UNCOMPENSATED, VARIANT_OF

ALL_TYPES: Final = (UNCOMPENSATED, *VARIANT_OF.values())
_OPERATOR_OF: Final = {variant: operator for operator, variant in VARIANT_OF.items()} | {
    "SeqFT + linear_transform": "linear",
    "SeqFT + weaknonlinear_transform": "weaknonlinear",
    "SeqFT + attention_transform": "attention",
    "SeqFT + HopDC": "attention",
    "SeqFT + RFF-HopDC": "rff",
    "SeqFT + RFFHopDC": "rff",
    "SeqFT + LinearHopDC": "rff",
}
_SETTING_OF: Final = {
    "rff_hopdc_dim": "features",
    "rff_hopdc_gamma": "gamma",
    "rff_hopdc_cov_samples": "samples",
}
_WITHOUT_EFFECT: Final[dict[str, tuple[str, tuple[Any, ...]]]] = {
    "rgda_num_centers": ("several centers of a class are not collected", (1,)),
    "rgda_gmm_k": ("mixtures of a class are not collected", (0,)),
    "rgda_gmm_backend": ("mixtures of a class are not collected", ()),
    "rff_hopdc_feature_mode": ("features are (cos + 1) / sqrt(D)", ("cos_positive",)),
    "rff_hopdc_compensate_cov": ("covariances are moved", (True,)),
    "rff_hopdc_den_eps": ("the denominator is a sum of positive terms", ()),
    "rff_hopdc_drift_clip": ("drift is not clipped", (0,)),
    "rff_hopdc_seed": ("run.seed of the configuration counts", ()),
}
"""Why an argument changes nothing, and the values that ask for what is done anyway."""
_OF_RFF: Final = "rff_"
ALL_PAIRS: Final = 2**31 - 1
"""As ``top_k``: more than there are pairs."""
LATER_MEAN_MIXING: Final = 0.1
"""The share of its old mean that a class keeps in the attention of all versions but the first."""
_FIRST_ATTENTION: Final = "SeqFT + attention_transform"


def variants_asked_for(types: Sequence[str] | None) -> dict[str, str]:
    """The operator of each variant ("" for SeqFT), by the name that the caller uses; None asks for all.

    SeqFT is always among them, in front where it was not asked for. Of two names for one operator the first counts.
    Raises ConfigError.
    """
    names = ALL_TYPES if types is None else (types,) if isinstance(types, str) else tuple(types)
    if not names:
        raise ConfigError(f"compensator_types is empty; expected some of {', '.join(ALL_TYPES)}")
    found: dict[str, str] = {}
    for name in names:
        if name != UNCOMPENSATED and name not in _OPERATOR_OF:
            raise ConfigError(f"unknown compensator type {name!r}; known: {', '.join(ALL_TYPES)}")
        operator = _OPERATOR_OF.get(name, "")
        if operator not in found.values():
            found[name] = operator
    return found if UNCOMPENSATED in found else {UNCOMPENSATED: ""} | found


def attention_settings(
    variants: Iterable[str], temperature: float, top_k: int, *, own_settings: bool
) -> dict[str, Any]:
    """Settings of ``operators.attention`` as the versions that know these ``variants`` compute it.

    A ``top_k`` of 0 or less asks for all pairs. With ``own_settings`` the mixing of means is left as it is.
    """
    settings = {"temperature": temperature, "top_k": top_k if top_k > 0 else ALL_PAIRS}
    if not own_settings and _FIRST_ATTENTION not in variants:
        settings["mean_mixing"] = LATER_MEAN_MIXING
    return settings


def settings_of_later_versions(arguments: Mapping[str, Any], operators: Sequence[str]) -> dict[str, Any]:
    """Settings of ``operators.rff`` in arguments that later versions of the constructor know.

    Warns of those that ``operators`` would need and that are not done here. Raises TypeError for an argument of no
    version.
    """
    settings = {}
    for name, value in arguments.items():
        if name in _SETTING_OF:
            settings[_SETTING_OF[name]] = value
        elif name in _WITHOUT_EFFECT:
            reason, done_anyway = _WITHOUT_EFFECT[name]
            if value not in done_anyway and (not name.startswith(_OF_RFF) or "rff" in operators):
                warnings.warn(f"{name} = {value!r} has no effect here: {reason}", stacklevel=3)
        else:
            raise TypeError(f"DistributionCompensator() got an unexpected keyword argument {name!r}")
    return settings
