"""The whole analysis: parts that belong together, notes, small samples."""

import json

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.structure import Sampled, StructureAnalysis, analyze_structure
from tests.analysis.structure.examples import KINDS, make_sampled, sampled_from


def analyze(sampled: Sampled, **settings: object) -> StructureAnalysis:
    given = {"top": 20, "class_top": 10, "resamples": 60, "permutations": 49, "simulations": 10}
    return analyze_structure(
        sampled, kinds=KINDS, rng=np.random.default_rng(0), **(given | settings)
    )


@pytest.fixture(scope="module")
def found() -> StructureAnalysis:
    return analyze(make_sampled(120, copies=2, failed=4, pair=0.5), skip="identity")


def test_parts_are_of_the_same_networks(found: StructureAnalysis) -> None:
    assert (found.n, found.failed, found.architectures) == (236, 4, 118)
    for part in (found.distribution, found.classes, found.surrogate, found.patterns):
        assert (part.n, part.architectures) == (236, 118)
    assert found.accuracy_and_params.n == 118
    assert sum(group.n for group in found.by_accuracy) == 236
    np.testing.assert_allclose(found.classes.overall, found.distribution.counts)
    assert found.cutoff == found.distribution.cutoff == np.sort(found.sampled.sound.accuracy)[-20]
    assert not any("identity" in (pair.first, pair.second) for pair in found.pairs)
    assert found.surrogate.explained_unseen.n == 118


def test_rows_are_those_of_the_given_sample(found: StructureAnalysis) -> None:
    accuracy = found.sampled.accuracy
    assert accuracy[found.best] == found.best_accuracy == np.nanmax(accuracy)
    assert found.mean == pytest.approx(np.nanmean(accuracy))
    assert found.best_layers == tuple(
        found.sampled.types[t] for t in found.sampled.layers[found.best]
    )
    for c, result in enumerate(found.classes.classes):
        assert found.sampled.class_accuracy[result.best, c] == result.top
        assert accuracy[result.best] == result.best_accuracy_elsewhere


def test_parameters_are_ranked(found: StructureAnalysis) -> None:
    sound = found.sampled.sound
    expected = stats.spearmanr(sound.accuracy, np.log(sound.params)).statistic
    assert found.accuracy_and_params.value == pytest.approx(expected)
    assert found.accuracy_and_params.low < expected < found.accuracy_and_params.high


def test_the_summary_is_json_and_the_generator_decides(found: StructureAnalysis) -> None:
    summary = found.to_summary()
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["best"]["accuracy"] == found.best_accuracy
    sampled = make_sampled(40)
    assert analyze(sampled).to_summary() == analyze(sampled).to_summary()


def test_notes_say_what_a_sample_is_too_small_for(found: StructureAnalysis) -> None:
    assert any(note.startswith("4 of 240 networks failed") for note in found.notes)
    assert any("236 draws are 118 different architectures" in note for note in found.notes)
    assert not any("half of" in note for note in found.notes)
    small = analyze(make_sampled(30, images=20))
    halves = [note for note in small.notes if "half of the 30 networks" in note]
    assert len(halves) == 1 and "the 20 best of all" in halves[0]
    assert any("20 test images" in note and "steps of 5 %" in note for note in small.notes)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_handful_of_networks(n: int) -> None:
    found = analyze(make_sampled(n))
    assert (found.n, len(found.by_accuracy)) == (n, n)
    assert np.isnan(found.distribution.low).all()
    assert found.accuracy_and_params.defined == (n >= 3)
    json.dumps(found.to_summary(), allow_nan=False)


def test_no_network_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one"):
        analyze(make_sampled(3, failed=3))


def test_equal_networks_define_little() -> None:
    layers = np.random.default_rng(0).integers(5, size=(30, 4))
    found = analyze(sampled_from(layers, np.full((30, 3), 0.25)))
    np.testing.assert_allclose(found.distribution.counts, found.distribution.base)
    assert all(c.distance == pytest.approx(0) and c.p == 1 for c in found.classes.classes)
    assert not found.accuracy_and_params.defined
    json.dumps(found.to_summary(), allow_nan=False)
