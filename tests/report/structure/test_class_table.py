"""The table of the classes and what is shown of the one that a reader picks."""

import base64
import io
import json
import re

import numpy as np
import pytest
from matplotlib.image import imread

from randarch.analysis import StructureAnalysis
from randarch.report.images import side_by_side
from randarch.report.numbers import DASH
from randarch.report.shades import Shades
from randarch.report.structure import StructureReport
from randarch.report.structure.class_table import class_maps, classes_table, overall_cells
from randarch.report.structure.example_images import class_examples
from randarch.report.structure.layer_names import extent, introduced, meaning, structure
from tests.report.structure.examples import TYPES, make_bare_report


def test_a_row_a_class_the_largest_distance_first(report: StructureReport) -> None:
    table, results = classes_table(report), report.analysis.classes.classes
    assert len(table.rows) == len(table.keys) == len(results)
    column = dict(zip(table.head, np.array(table.rows).T, strict=True))
    distances = [float(text.rstrip("*")) for text in column["Distance"]]
    assert distances == sorted(distances, reverse=True)
    assert table.head[table.sorted_by] == "Distance"
    by_name = {c.name.replace("_", " "): c for c in results}
    for row, keys in zip(table.rows, table.keys, strict=True):
        c = by_name[row[0]]
        assert len(row) == len(keys) == len(table.head)
        assert row[1:4] == (
            str(c.images),
            f"{100 * c.top:.1f}\N{NO-BREAK SPACE}%",
            f"{100 * c.mean:.1f}\N{NO-BREAK SPACE}%",
        )
        assert row[4] == f"{c.distance:.0f}" + "*" * (c in report.analysis.classes.found)
        assert row[5] == f"{c.noise_distance:.0f} ({c.noise_high:.0f})"
        assert keys[1:5] == (c.images, c.top, c.mean, c.distance)
        assert " - ".join(c.best_layers) in row
    # The last class has no published row.
    assert [column["Mean, published"][i] == DASH for i in range(len(results))].count(True) == 1


def test_without_published_classes_there_are_no_columns_for_them(
    analysis: StructureAnalysis, few: StructureAnalysis
) -> None:
    table = classes_table(make_bare_report(analysis))
    assert not any("published" in name for name in table.head)
    unknown = classes_table(make_bare_report(few))
    column = unknown.head.index("Noise alone (95\N{NO-BREAK SPACE}%)")
    assert all(row[column] == DASH for row in unknown.rows)
    assert all(keys[column] is None for keys in unknown.keys)


def test_the_picker_has_every_class(report: StructureReport, html: str) -> None:
    found = re.search(r'<div class="picker" hidden>.*?<script[^>]*>(.*?)</script>', html, re.S)
    assert found is not None
    maps = json.loads(found.group(1))
    assert maps == json.loads(json.dumps(class_maps(report)))
    classes = report.analysis.classes
    assert [c["name"] for c in maps["classes"]] == sorted(
        c.name.replace("_", " ") for c in classes.classes
    )
    assert maps["classes"][maps["first"]]["name"] == classes.most_deviating(1)[0].name
    by_name = {c.name.replace("_", " "): c for c in classes.classes}
    for shown in maps["classes"]:
        c = by_name[shown["name"]]
        np.testing.assert_allclose(shown["counts"], c.counts, atol=0.051)
        np.testing.assert_allclose(shown["difference"], c.counts - classes.overall, atol=0.051)
        assert f"distance {c.distance:.0f}" in shown["text"]
    assert maps["differences"]["low"] == -maps["differences"]["high"]
    # Without a script, the deviating classes are there as pictures.
    assert html.count('alt="Heat map: layer types by position among the best networks for') == 5


def test_the_table_of_all_is_filled_without_a_script(report: StructureReport) -> None:
    cells = overall_cells(report)
    assert [word for word, _ in cells] == list(TYPES)
    shown = [[float(text) for text, _ in row] for _, row in cells]
    np.testing.assert_allclose(shown, report.analysis.distribution.counts, atol=0.5)
    assert all(
        re.fullmatch(r"background:#\w{6};color:#\w{6}", s) for _, row in cells for _, s in row
    )


def test_shades_are_read_from_low_to_high() -> None:
    counts = Shades.of_counts(np.array([[0.0, 40.0]]))
    assert (counts.step(0.0), counts.step(40.0), counts.step(99.0)) == (0, 40, 40)
    assert counts.inks[0] != counts.inks[-1]
    both = Shades.of_differences(np.array([[np.nan, -3.0], [1.0, 2.0]]))
    assert (both.low, both.high) == (-3.0, 3.0) and both.step(0.0) == 20
    empty = Shades.of_differences(np.zeros((2, 2)))
    assert empty.step(0.0) == 20


def test_examples_are_of_both_ends(report: StructureReport) -> None:
    groups = class_examples(report)
    assert [len(group) for _, group in groups] == [3, 3]
    order = [c.name.replace("_", " ") for c in report.analysis.classes.most_deviating(99)]
    assert [c.name for c in groups[0][1]] == order[:3]
    assert [c.name for c in groups[1][1]] == order[:-4:-1]
    assert all(c.image.startswith("data:image/png;base64,") for _, g in groups for c in g)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_kept(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 6, channels), dtype=np.uint8)
    content = base64.b64decode(side_by_side(images).partition(",")[2])
    shown = (255 * imread(io.BytesIO(content), format="png")[..., :3]).round().astype(np.uint8)
    assert shown.shape == (8, 3 * 6 + 2 * 2, 3)
    for i, image in enumerate(images):
        part = shown[:, 8 * i : 8 * i + 6]
        np.testing.assert_array_equal(part, np.broadcast_to(image, part.shape))


def test_words_are_explained() -> None:
    assert meaning("conv5d2") == "5x5 convolution, dilation 2 (9x9 across)"
    assert (meaning("max2"), meaning("avg3")) == ("2x2 max-pooling", "3x3 average-pooling")
    assert meaning("gate") == "" and "no layer" in meaning("identity")
    assert (extent("conv7"), extent("conv3d2"), extent("max3")) == (7, 5, None)
    assert structure("CMA") == "convolution - max-pooling - average-pooling"
    assert (structure(""), structure("CX")) == ("no layers", "CX")
    assert introduced(("gate",)) == "" and "conv7 (7x7 convolution)" in introduced(TYPES)
