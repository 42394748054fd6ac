"""Scores against naive float64 formulas, scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

from slora_core.classifiers.registry import build
from slora_core.config import RunConfig
from slora_core.errors import ConfigError, InputError, NumericalError
from slora_core.types import CLASSIFIERS


def config(**changes):
    return RunConfig.from_dict({"classifiers": changes})


def lda_scores(state, x, a=0.1):
    mu, sigma = state.means.astype(np.float64), state.covariances.astype(np.float64)
    inverse = np.linalg.inv((1 - a) * sigma.mean(0) + (a + 1e-6) * np.eye(state.dim))
    return x @ inverse @ mu.T - 0.5 * np.diag(mu @ inverse @ mu.T) + np.log(1 / len(mu))


def qda_scores(state, x, alphas=(0.2, 2.0, 0.5), rank=None):
    sigma = state.covariances.astype(np.float64)
    common = alphas[1] * sigma.mean(0) + (alphas[2] + 1e-3) * np.eye(state.dim)
    columns = []
    for mu, full in zip(state.means.astype(np.float64), sigma, strict=True):
        own = full
        if rank is not None:
            values, vectors = np.linalg.eigh(full)
            own = vectors[:, -rank:] @ np.diag(values[-rank:]) @ vectors[:, -rank:].T
        columns.append(np.reshape(multivariate_normal(mu, alphas[0] * own + common).logpdf(x), len(x)))
    return np.stack(columns, axis=1)


def ncm_scores(state, x):
    return -((x[:, None] - state.means.astype(np.float64)[None]) ** 2).sum(2)


ORACLES = {
    "lda": lda_scores,
    "qda": qda_scores,
    "lr-rgda": lambda state, x: qda_scores(state, x, rank=64),
    "ncm": ncm_scores,
}


def scores(name, state, x, settings=None, rows=256):
    return build(name, state, settings or config(), rows=rows).scores(torch.from_numpy(x)).numpy()


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 3, 7), (5, 12, 60), (3, 90, 33)])
def test_scores_equal_the_formula_in_float64(name, sizes, make_state, make_rows):
    classes, dim, rows = sizes
    state = make_state(classes, dim)
    x = make_rows(state, rows).features.astype(np.float64)
    np.testing.assert_allclose(scores(name, state, x.astype(np.float32)), ORACLES[name](state, x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_means_far_from_zero_lose_no_accuracy(name, make_state, make_rows):
    state = make_state(4, 20, offset=1e3)
    x = make_rows(state, 40).features.astype(np.float64)
    expected, found = ORACLES[name](state, x), scores(name, state, x.astype(np.float32))
    np.testing.assert_allclose(found - found.mean(1, keepdims=True), expected - expected.mean(1, keepdims=True), 1e-5)


@pytest.mark.parametrize("rank", [1, 4, 11, 12, 500])
def test_lr_rgda_truncates_to_its_rank(rank, make_state, make_rows):
    state = make_state(5, 12)
    x = make_rows(state).features.astype(np.float64)
    found = scores("lr-rgda", state, x.astype(np.float32), config(rank=rank))
    np.testing.assert_allclose(found, qda_scores(state, x, rank=min(rank, 12)), rtol=1e-9)


def test_lr_rgda_of_full_rank_is_qda_and_of_low_rank_is_not(make_state, make_rows):
    state = make_state(5, 12)
    x = make_rows(state).features
    qda = scores("qda", state, x)
    np.testing.assert_allclose(scores("lr-rgda", state, x, config(rank=12)), qda, rtol=1e-10)
    assert not np.allclose(scores("lr-rgda", state, x, config(rank=2)), qda, rtol=1e-3)


def test_shrinkage_of_the_configuration_is_used(make_state, make_rows):
    state = make_state(4, 6)
    x = make_rows(state).features.astype(np.float64)
    settings = config(lda_alpha=0.7, qda_alphas=(1.5, 0.25, 0.125))
    np.testing.assert_allclose(scores("lda", state, x, settings), lda_scores(state, x, 0.7), rtol=1e-9, atol=1e-9)
    expected = qda_scores(state, x, (1.5, 0.25, 0.125))
    np.testing.assert_allclose(scores("qda", state, x, settings), expected, rtol=1e-9)


def test_lda_decides_like_scikit_learn(make_state, make_rows):
    """Rows with exactly the statistics of the state: scikit-learn estimates what we are given."""
    state = make_state(4, 6, spread=0.5)
    x, y = _rows_with_exact_statistics(state, per_class=40)
    pooled = state.covariances.astype(np.float64).mean(0)
    shrunk = 0.9 * pooled + (0.1 + 1e-6) * np.eye(6)
    oracle = LinearDiscriminantAnalysis(solver="lsqr", priors=np.full(4, 0.25), covariance_estimator=_Given(shrunk))
    oracle.fit(x, y)
    points = make_rows(state, 300, seed=9).features
    classifier = build("lda", state, config())
    np.testing.assert_array_equal(classifier.predict(torch.from_numpy(points)), oracle.predict(points))


def test_qda_scores_like_scikit_learn(make_state, make_rows):
    state = make_state(4, 6, spread=0.5)
    x, y = _rows_with_exact_statistics(state, per_class=40)
    oracle = QuadraticDiscriminantAnalysis(priors=np.full(4, 0.25))
    oracle.fit(x, y)
    points = make_rows(state, 300, seed=9).features
    classifier = build("qda", state, config(qda_alphas=(1.0, 0.0, -1e-3)))
    found = torch.softmax(classifier.scores(torch.from_numpy(points)), dim=1).numpy()
    order = np.argsort(state.class_ids)
    np.testing.assert_allclose(found[:, order], oracle.predict_proba(points), atol=1e-4)


class _Given:
    """A covariance estimator that returns a given matrix."""

    def __init__(self, covariance_=None):
        self.covariance_ = covariance_

    def fit(self, _):
        return self

    def get_params(self, deep=True):
        return {"covariance_": self.covariance_}


def _rows_with_exact_statistics(state, per_class):
    random = np.random.default_rng(5)
    xs = []
    for mu, sigma in zip(state.means.astype(np.float64), state.covariances.astype(np.float64), strict=True):
        z = random.standard_normal((per_class, state.dim))
        z -= z.mean(0)
        z = (
            z @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T, ddof=0))).T
        )  # the maximum-likelihood estimate, as scikit-learn takes it
        xs.append(mu + z @ np.linalg.cholesky(sigma).T)
    return np.concatenate(xs), np.repeat(state.class_ids, per_class)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_rows_scored_at_a_time_change_nothing(name, make_state, make_rows):
    state = make_state(6, 30)
    x = make_rows(state, 50).features
    whole = scores(name, state, x, rows=64)
    for rows in (1, 7, 50):
        np.testing.assert_allclose(scores(name, state, x, rows=rows), whole, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_order_of_the_classes_only_permutes_the_scores(name, make_state, make_rows):
    state = make_state(6, 30)
    x = make_rows(state, 20).features
    order = np.array([3, 0, 5, 1, 4, 2])
    permuted = type(state)(state.class_ids[order], state.means[order], state.covariances[order])
    np.testing.assert_allclose(scores(name, permuted, x), scores(name, state, x)[:, order], rtol=1e-10, atol=1e-10)
    assert (build(name, permuted, config()).predict(torch.from_numpy(x)) == predict(name, state, x)).all()


def predict(name, state, x):
    return build(name, state, config()).predict(torch.from_numpy(x))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_predictions_are_class_ids(name, make_state, make_rows):
    state = make_state(5, 12, spread=20.0)
    rows = make_rows(state)
    np.testing.assert_array_equal(predict(name, state, rows.features), rows.labels)


def test_repeated_scoring_gives_the_same_scores(make_state, make_rows):
    state = make_state()
    x = torch.from_numpy(make_rows(state).features)
    for name in CLASSIFIERS:
        classifier = build(name, state, config(), rows=16)
        assert torch.equal(classifier.scores(x), classifier.scores(x))


def test_given_features_are_not_changed(make_state, make_rows):
    state = make_state()
    x = torch.from_numpy(make_rows(state).features)
    before = x.clone()
    for name in CLASSIFIERS:
        build(name, state, config()).scores(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_features_of_another_width_are_refused(name, make_state):
    with pytest.raises(InputError, match=r"shape \(3, 11\): expected \[rows, 12\]"):
        build(name, make_state(), config()).scores(torch.zeros(3, 11))


def test_an_unknown_name_is_refused(make_state):
    with pytest.raises(ConfigError, match="unknown classifier 'svm'; known: lda, qda"):
        build("svm", make_state(), config())


def test_a_state_without_classes_is_refused(make_state):
    state = make_state()
    empty = type(state)(state.class_ids[:0], state.means[:0], state.covariances[:0])
    with pytest.raises(InputError, match="no classes"):
        build("ncm", empty, config())


@pytest.mark.parametrize("name", ["lda", "qda", "lr-rgda"])
def test_indefinite_statistics_are_an_error(name, make_state, make_rows):
    state = make_state()
    state.covariances[2] -= 200 * np.eye(12, dtype=np.float32)
    with pytest.raises(NumericalError, match="not positive definite"):
        scores(name, state, make_rows(make_state()).features)


def test_qda_names_the_class_whose_covariance_is_indefinite(make_state, make_rows):
    state = make_state()
    state.covariances[2] -= 200 * np.eye(12, dtype=np.float32)
    with pytest.raises(NumericalError, match=f"class {state.class_ids[2]} is not"):
        scores("qda", state, make_rows(make_state()).features, config(qda_alphas=(1.0, 0.0, 0.5)))


@pytest.mark.parametrize("name", ["lda", "qda", "lr-rgda"])
def test_nan_in_a_covariance_is_an_error_not_a_score(name, make_state, make_rows):
    state = make_state()
    rows = make_rows(state)
    state.covariances[1, 3, 4] = state.covariances[1, 4, 3] = np.nan
    with pytest.raises(NumericalError):
        scores(name, state, rows.features)


def test_arrays_and_lists_are_predicted_like_tensors_and_settings_have_defaults(make_state, make_rows):
    state = make_state(3, 4)
    x = make_rows(state, 20).features
    classifier = build("lda", state)
    expected = state.class_ids[lda_scores(state, x).argmax(1)]
    for features in (x, x.tolist(), torch.from_numpy(x)):
        assert classifier.predict(features).tolist() == expected.tolist()
