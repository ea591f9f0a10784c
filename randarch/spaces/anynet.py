"""AnyNetX: four stages of residual bottleneck blocks with group convolution.

The space of Radosavovic et al., "Designing Network Design Spaces" (arXiv 2003.13678), from which Tuggener et al.,
"ImageNet as a Representative Basis for Deriving Generally Effective CNN Architectures", draw 500 networks.
"""

import contextlib
import dataclasses
import functools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal, get_args

import numpy as np

from randarch.spaces.space import Genome, InvalidGenomeError, SearchSpace, is_ascending
from randarch.spec import Activation, Add, ArchSpec, BatchNorm, Conv, GlobalPool, GraphBuilder, Pool

STAGES = 4
WIDTH_STEP = 8
MAX_DEPTH, MAX_WIDTH = 16, 1024
"""As published."""
BOTTLENECKS = (1, 2, 4)
GROUP_WIDTHS = (1, 2, 4, 8, 16, 32)
"""Powers of two: the authors of the space count (16 * 128 * 3 * 6)^4 configurations."""

_NUMBERS = r"([1-9][0-9]*(?:,[1-9][0-9]*){3})"
_TEXT = re.compile(f"d{_NUMBERS} w{_NUMBERS} b{_NUMBERS} g{_NUMBERS}")
Stem = Literal["resnet", "cifar", "regnet"]
StageStart = Literal["conv1x1", "block"]


@dataclass(frozen=True)
class StageGenes:
    """One stage: what its genes stand for.

    Attributes:
      depth: blocks.
      width: channels that a block gives.
      bottleneck: the 3 x 3 convolution of a block has width / bottleneck channels.
      group_width: channels of that convolution in each of its groups.
    """

    depth: int
    width: int
    bottleneck: int
    group_width: int

    @property
    def inner(self) -> int:
        """Channels of the 3 x 3 convolution."""
        return self.width // self.bottleneck


@dataclass(frozen=True)
class AnyNetX(SearchSpace):
    """A stem, four stages of equal residual bottleneck blocks, global average pooling.

    A block is a 1 x 1 convolution, a 3 x 3 convolution in groups and a 1 x 1 convolution, each with batch norm and the
    first two with ReLU; its input is added before the last ReLU. Convolutions have no bias. A genome has 16 genes: the
    depths of the stages, then their widths, bottleneck ratios and group widths, as indices into their values. Of a
    stage's 3 x 3 convolution with width / bottleneck channels the group width must be a divisor; a genome where it is
    not stands for no network (`conflict` says why). No two other genomes are one architecture.

    Left open by the text of Tuggener et al. and chosen here:

    - The group width is the channels of a group, as in RegNet; their words, "into how many parallel convolutions the
      total width is grouped into", can be read as the number of groups.
    - The stem: it has stride and pooling there, hence `resnet` (7 x 7 with stride 2, then max-pooling 3 x 3 with
      stride 2); `cifar` (3 x 3) has neither, as the stem that they compare on CIFAR-10; `regnet` is 3 x 3 with
      stride 2. The first stage has stride 1, with the `regnet` stem stride 2; the others have stride 2.
    - A stage starts with a 1 x 1 convolution with the stride, batch norm and ReLU (`conv1x1`, as the text says), and
      all its blocks are equal; or its first block has the stride, and a 1 x 1 convolution with batch norm in its
      shortcut where stride or width change (`block`, as in RegNet).

    Attributes:
      max_depth: blocks of a stage, from 1.
      max_width: of a stage; widths are multiples of 8.
      bottlenecks: ratios, in ascending order.
      group_widths: in ascending order.
      stem: `resnet`, `cifar` or `regnet`.
      stage_start: `conv1x1` or `block`.
      stem_width: channels of the stem.

    Raises:
      ValueError: depths below 1, a width that is no multiple of 8, values that are not distinct integers >= 1 in
        ascending order, no combination of them that is a network, or another stem or start of a stage.
    """

    max_depth: int = MAX_DEPTH
    max_width: int = MAX_WIDTH
    bottlenecks: tuple[int, ...] = BOTTLENECKS
    group_widths: tuple[int, ...] = GROUP_WIDTHS
    stem: Stem = "resnet"
    stage_start: StageStart = "conv1x1"
    stem_width: int = 32

    def __post_init__(self) -> None:
        for name in ("max_depth", "stem_width"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} is {value!r}; expected an integer >= 1")
        if type(self.max_width) is not int or self.max_width < 1 or self.max_width % WIDTH_STEP:
            raise ValueError(
                f"max_width is {self.max_width!r}; expected a multiple of {WIDTH_STEP}"
            )
        for name in ("bottlenecks", "group_widths"):
            values = getattr(self, name)
            if not is_ascending(values):
                raise ValueError(
                    f"{name} is {values!r}; expected a tuple of distinct integers >= 1 in ascending order, such as "
                    "(1, 2, 4)"
                )
        for name, choices in (("stem", get_args(Stem)), ("stage_start", get_args(StageStart))):
            value = getattr(self, name)
            if value not in choices:
                raise ValueError(f"{name} is {value!r}; expected one of {', '.join(choices)}")
        if not self._blocks:
            raise ValueError(
                f"no group width of {self.group_widths} divides a width up to {self.max_width} over a bottleneck "
                f"ratio of {self.bottlenecks}; add smaller ones"
            )

    @property
    def name(self) -> str:
        """`anynet_x_d16_w1024_b1-2-4_g1-2-4-8-16-32_resnet32_conv1x1`."""
        b, g = ("-".join(map(str, values)) for values in (self.bottlenecks, self.group_widths))
        return (
            f"anynet_x_d{self.max_depth}_w{self.max_width}_b{b}_g{g}_{self.stem}{self.stem_width}_"
            f"{self.stage_start}"
        )

    @functools.cached_property
    def gene_sizes(self) -> tuple[int, ...]:
        return tuple(len(values) for values in self._gene_values for _ in range(STAGES))

    @functools.cached_property
    def gene_names(self) -> tuple[str, ...]:
        """`depth_1`, ..., `depth_4`, `width_1`, ..., `bottleneck_1`, ..., `group_width_1`, ..."""
        kinds = ("depth", "width", "bottleneck", "group_width")
        return tuple(f"{kind}_{stage}" for kind in kinds for stage in range(1, STAGES + 1))

    @property
    def size(self) -> int:
        return (self.max_depth * len(self._blocks)) ** STAGES

    @property
    def num_architectures(self) -> int:
        return self.size

    def stages(self, genome: Genome) -> tuple[StageGenes, ...]:
        """What each stage is made of.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
        """
        self.validate(genome)
        return self._stages(genome)

    def from_stages(self, stages: Sequence[StageGenes]) -> Genome:
        """The genome of four stages.

        Raises:
          InvalidGenomeError: another number of stages, a value that the space lacks, or values that do not go together.
        """
        if len(stages) != STAGES:
            raise InvalidGenomeError(f"{len(stages)} stages for {self.name}; expected {STAGES}")
        genome = []
        fields = ("depth", "width", "bottleneck", "group_width")
        for field, known in zip(fields, self._gene_values, strict=True):
            for number, stage in enumerate(stages, start=1):
                value = getattr(stage, field)
                if type(value) is not int or value not in known:
                    raise InvalidGenomeError(
                        f"{field}_{number} of {self.name} is {value!r}; expected {_some_of(known)}"
                    )
                genome.append(known.index(value))
        found = tuple(genome)
        self.validate(found)
        return found

    def conflict(self, genome: Genome) -> str | None:
        for number, stage in enumerate(self._stages(genome), start=1):
            if (stage.width, stage.bottleneck, stage.group_width) not in self._blocks:
                return (
                    f"stage {number} has width {stage.width}, bottleneck ratio {stage.bottleneck} and group width "
                    f"{stage.group_width}, which does not divide {stage.width} / {stage.bottleneck}; take a divisor"
                )
        return None

    def draw(self, rng: np.random.Generator) -> Genome:
        """A genome by the published procedure: depths and widths log-uniform, the other genes uniform.

        Draws whose values do not go together are thrown away. The two last are log-uniform by their own, as their
        values are powers of two.
        """
        while True:
            depths = [_log_uniform(1, self.max_depth, 1, rng) - 1 for _ in range(STAGES)]
            widths = [
                _log_uniform(WIDTH_STEP, self.max_width, WIDTH_STEP, rng) // WIDTH_STEP - 1
                for _ in range(STAGES)
            ]
            others = [
                int(rng.integers(len(values)))
                for values in (self.bottlenecks, self.group_widths)
                for _ in range(STAGES)
            ]
            genome = (*depths, *widths, *others)
            if self.conflict(genome) is None:
                return genome

    def decode(self, genome: Genome) -> ArchSpec:
        graph = GraphBuilder()
        x, width = self._stem(graph), self.stem_width
        for number, stage in enumerate(self.stages(genome), start=1):
            stride = 1 if number == 1 and self.stem != "regnet" else 2
            name = f"stage{number}"
            if self.stage_start == "conv1x1":
                start = Conv(stage.width, 1, stride, bias=False)
                x = graph.add(start, x, name=f"{name}_start")
                x = graph.chain([BatchNorm(), Activation("relu")], x)
                stride, width = 1, stage.width
            for block in range(1, stage.depth + 1):
                project = stride != 1 or width != stage.width
                x = _block(graph, x, stage, stride, project, f"{name}_block{block}")
                stride, width = 1, stage.width
        graph.add(GlobalPool("avg"), x, name="gap")
        return graph.build()

    def encode(self, spec: ArchSpec) -> Genome:
        genome = None
        with contextlib.suppress(InvalidGenomeError):
            genome = self.from_stages(_read_stages(spec, self.stage_start))
        if genome is None or self.decode(genome) != spec:
            raise ValueError(
                f"architecture {spec.digest[:12]} is not in {self.name}; expected a graph that AnyNetX.decode builds "
                "for the same parameters"
            )
        return genome

    def canonical(self, genome: Genome) -> Genome:
        self.validate(genome)
        return genome

    def multiplicity(self, genome: Genome) -> int:
        self.validate(genome)
        return 1

    def enumerate(self) -> Iterator[Genome]:
        depths, widths, ratios = (range(len(values)) for values in self._gene_values[:3])
        allowed = {
            (w, b): [
                g
                for g, group in enumerate(self.group_widths)
                if (width, ratio, group) in self._blocks
            ]
            for w, width in enumerate(self._gene_values[1])
            for b, ratio in enumerate(self.bottlenecks)
        }
        for d in product(depths, repeat=STAGES):
            for w in product(widths, repeat=STAGES):
                for b in product(ratios, repeat=STAGES):
                    for g in product(*(allowed[pair] for pair in zip(w, b, strict=True))):
                        yield (*d, *w, *b, *g)

    def enumerate_distinct(self) -> Iterator[Genome]:
        return self.enumerate()

    def format(self, genome: Genome) -> str:
        """Depths, widths, bottleneck ratios and group widths: `d1,1,4,7 w24,56,152,368 b1,1,1,1 g8,8,8,8`."""
        stages = self.stages(genome)
        columns = {
            "d": [one.depth for one in stages],
            "w": [one.width for one in stages],
            "b": [one.bottleneck for one in stages],
            "g": [one.group_width for one in stages],
        }
        return " ".join(letter + ",".join(map(str, values)) for letter, values in columns.items())

    def parse(self, text: str) -> Genome:
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise InvalidGenomeError(
                f"genome of {self.name} is {text!r}; expected four depths, widths, bottleneck ratios and group "
                "widths, as in 'd1,1,4,7 w24,56,152,368 b1,1,1,1 g8,8,8,8'"
            )
        columns = [[int(number) for number in column.split(",")] for column in found.groups()]
        return self.from_stages([StageGenes(*values) for values in zip(*columns, strict=True)])

    @functools.cached_property
    def _gene_values(self) -> tuple[tuple[int, ...], ...]:
        return (
            tuple(range(1, self.max_depth + 1)),
            tuple(range(WIDTH_STEP, self.max_width + 1, WIDTH_STEP)),
            self.bottlenecks,
            self.group_widths,
        )

    @functools.cached_property
    def _blocks(self) -> frozenset[tuple[int, int, int]]:
        """Every (width, bottleneck ratio, group width) that is a block."""
        return frozenset(
            (w, b, g)
            for w, b, g in product(*self._gene_values[1:])
            if w % b == 0 and w // b % g == 0
        )

    def _stages(self, genome: Genome) -> tuple[StageGenes, ...]:
        columns = [
            [values[gene] for gene in genome[i * STAGES : (i + 1) * STAGES]]
            for i, values in enumerate(self._gene_values)
        ]
        return tuple(StageGenes(*values) for values in zip(*columns, strict=True))

    def _stem(self, graph: GraphBuilder) -> int:
        kernel, stride = {"resnet": (7, 2), "cifar": (3, 1), "regnet": (3, 2)}[self.stem]
        conv = Conv(self.stem_width, kernel, stride, padding=kernel // 2, bias=False)
        x = graph.add(conv, graph.input, name="stem")
        x = graph.chain([BatchNorm(), Activation("relu")], x)
        if self.stem == "resnet":
            x = graph.add(Pool("max", 3, 2, padding=1), x, name="stem_pool")
        return x


def _block(
    graph: GraphBuilder, x: int, stage: StageGenes, stride: int, project: bool, name: str
) -> int:
    y = graph.add(Conv(stage.inner, 1, bias=False), x, name=f"{name}_conv1")
    y = graph.chain([BatchNorm(), Activation("relu")], y)
    groups = stage.inner // stage.group_width
    middle = Conv(stage.inner, 3, stride, padding=1, groups=groups, bias=False)
    y = graph.add(middle, y, name=f"{name}_conv2")
    y = graph.chain([BatchNorm(), Activation("relu")], y)
    y = graph.add(Conv(stage.width, 1, bias=False), y, name=f"{name}_conv3")
    y = graph.add(BatchNorm(), y)
    if project:
        shortcut = Conv(stage.width, 1, stride, bias=False)
        x = graph.add(shortcut, x, name=f"{name}_shortcut")
        x = graph.add(BatchNorm(), x)
    return graph.add(Activation("relu"), graph.add(Add(), x, y))


def _read_stages(spec: ArchSpec, start: StageStart) -> list[StageGenes]:
    """What the stages of a graph look like, if it is of this space; later ones begin where a stride is above 1."""
    convolutions = [node.op for node in spec if isinstance(node.op, Conv)][1:]
    stages: list[StageGenes] = []
    begins = True
    for op, after in pairwise(convolutions):
        # A shortcut's stride comes behind its block: that it begins a stage is known by then.
        begins = begins or (op.stride > 1 and (op.kernel == 1) == (start == "conv1x1"))
        if op.kernel == 1:
            continue
        ratio, group = max(1, after.features // op.features), op.features // op.groups
        if begins:
            stages.append(StageGenes(1, after.features, ratio, group))
        else:
            stages[-1] = dataclasses.replace(stages[-1], depth=stages[-1].depth + 1)
        begins = False
    return stages


def _log_uniform(low: int, high: int, step: int, rng: np.random.Generator) -> int:
    """A multiple of `step` from `low` to `high`, log-uniform before it is rounded up.

    The range begins below `low`, by a step or by half of `low` if that is less, so that `low` has its share (so do the
    authors of the space in their code).
    """
    start = low - min(step, low / 2)
    drawn = math.exp(rng.uniform(math.log(start), math.log(high)))
    return min(high, step * math.ceil(drawn / step))


def _some_of(values: Sequence[int]) -> str:
    return (
        ", ".join(map(str, values))
        if len(values) < 8
        else f"{values[0]}, {values[1]}, ..., {values[-1]}"
    )
