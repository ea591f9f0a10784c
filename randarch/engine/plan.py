"""Planning a sweep: what many graphs have in common, and in which order to compute it.

Graphs are cut into stages; those that begin with the same stages share them, so that all graphs
together are a forest. Going through it depth first, a stage's output is computed once and is free as
soon as the last graph below it is done.
"""

import hashlib
import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from randarch import geometry
from randarch.engine.stages import Stage, cut
from randarch.geometry import Geometry, Shape
from randarch.spec import ArchSpec


@dataclass(frozen=True)
class End:
    """A graph that is complete.

    Attributes:
      position: among the graphs that were planned.
      digest: of the graph.
      geometry: of the graph.
    """

    position: int
    digest: str
    geometry: Geometry


@dataclass(frozen=True, eq=False)
class Step:
    """A stage that some graphs share.

    Attributes:
      stage: what is computed.
      arch: one of the graphs that have it; weights are named after its nodes.
      geometry: of that graph.
      name: a digest of the stage's nodes and all before them.
      children: what follows it.
      ends: the graphs that it completes.
    """

    stage: Stage
    arch: ArchSpec
    geometry: Geometry
    name: str
    children: list["Step"] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)

    @property
    def nodes(self) -> range:
        """Indices of the nodes that it computes."""
        return range(self.stage.first, self.stage.first + len(self.stage.program.nodes))

    @property
    def output_shapes(self) -> tuple[Shape, ...]:
        """(height, width, channels) of the values that it passes on."""
        return tuple(self.geometry[i].shape for i in self.stage.outputs)

    @property
    def values(self) -> int:
        """Numbers an image (of one seed) that it passes on."""
        return sum(math.prod(shape) for shape in self.output_shapes)

    @property
    def macs(self) -> int:
        """Multiply-adds an image."""
        return sum(self.geometry[i].macs for i in self.nodes)

    @property
    def users(self) -> int:
        """How many need its output."""
        return len(self.children) + len(self.ends)

    def below(self) -> Iterator["Step"]:
        """Itself and all that follows, depth first."""
        yield self
        for child in self.children:
            yield from child.below()

    def positions(self) -> Iterator[int]:
        """Of all graphs that have it, in the order in which they are completed."""
        for step in self.below():
            yield from (end.position for end in step.ends)


Path = tuple[Step, ...]
"""A step and those before it, the first one first."""


@dataclass(frozen=True)
class Part:
    """A piece of a sweep that is done in one go and stored whole.

    Attributes:
      name: unique in its plan; the same whenever the same graphs are planned.
      trees: paths to the steps that are computed with all below them; if `alone`, to steps of which only
        the ends are.
      alone: for each path, whether it stands for its step's ends alone.
      positions: of the graphs that it completes, in order.
    """

    name: str
    trees: tuple[Path, ...]
    alone: tuple[bool, ...]
    positions: tuple[int, ...]

    def steps(self) -> Iterator[Step]:
        """All that it computes; what its trees have in common, again for each."""
        for path, alone in zip(self.trees, self.alone, strict=True):
            yield from path[:-1]
            yield from path[-1:] if alone else path[-1].below()


@dataclass(frozen=True)
class Plan:
    """Graphs as a forest of shared steps.

    Attributes:
      roots: the first stages.
      count: how many graphs there are.
    """

    roots: tuple[Step, ...]
    count: int

    def steps(self) -> Iterator[Step]:
        """All steps, depth first."""
        for root in self.roots:
            yield from root.below()

    @property
    def macs(self) -> int:
        """Multiply-adds an image with sharing."""
        return sum(step.macs for step in self.steps())

    def parts(self, most: int) -> tuple[Part, ...]:
        """Cuts the forest, in depth-first order, into parts of about `most` graphs.

        A tree of at most that many graphs is not divided, and neighbouring small ones make one part.
        """
        pieces = [piece for root in self.roots for piece in _pieces((root,), most)]
        parts: list[Part] = []
        waiting: list[tuple[Path, bool, list[int]]] = []
        for piece in pieces:
            if waiting and sum(len(w[2]) for w in waiting) + len(piece[2]) > most:
                parts.append(_part(waiting))
                waiting = []
            waiting.append(piece)
        return (*parts, _part(waiting)) if waiting else tuple(parts)


def plan(archs: Iterable[ArchSpec], input_shape: Shape, *, shared: bool = True) -> Plan:
    """Finds what graphs share by the digests of their nodes.

    Args:
      archs: the graphs; equal ones share everything.
      input_shape: (height, width, channels) of the images.
      shared: equal beginnings have equal weights, so that they can be shared; if not, every graph is
        computed by itself.

    Raises:
      ValueError: for a graph that is its input alone.
      GeometryError: for a graph that does not fit the images.
    """
    roots: list[Step] = []
    found: dict[tuple[int | None, Hashable], Step] = {}
    count = 0
    for position, arch in enumerate(archs):
        count += 1
        stages = cut(arch)
        if not stages:
            raise ValueError("a graph is its input alone; expected at least one operation")
        analysis: Geometry | None = None
        before: Step | None = None
        for stage in stages:
            digests = arch.node_digests[stage.first : stage.first + len(stage.program.nodes)]
            own = None if shared else (arch.digest, position)
            key = (None if before is None else id(before), (stage, digests, own))
            step = found.get(key)
            if step is None:
                analysis = analysis or geometry.analyze(arch, input_shape)
                name = digests[-1] if shared else arch.digest
                step = found[key] = Step(stage, arch, analysis, name)
                (roots if before is None else before.children).append(step)
            before = step
        assert before is not None
        own_geometry = analysis or geometry.analyze(arch, input_shape)
        before.ends.append(End(position, arch.digest, own_geometry))
    for step in found.values():
        step.children.sort(key=_order)
    return Plan(tuple(sorted(roots, key=_order)), count)


def _order(step: Step) -> tuple[int, str]:
    # Neighbours with maps of one size use the same programs, of which only so many are kept.
    return -step.values, step.name


def _pieces(path: Path, most: int) -> Iterator[tuple[Path, bool, list[int]]]:
    step = path[-1]
    positions = list(step.positions())
    if len(positions) <= most or not step.children:
        yield path, False, positions
        return
    if step.ends:
        yield path, True, [end.position for end in step.ends]
    for child in step.children:
        yield from _pieces((*path, child), most)


def _part(pieces: Sequence[tuple[Path, bool, list[int]]]) -> Part:
    positions = tuple(p for piece in pieces for p in piece[2])
    members = (f"{path[-1].name}/{alone}/{len(found)}" for path, alone, found in pieces)
    digest = hashlib.sha256(",".join(members).encode()).hexdigest()
    name = f"{pieces[0][0][-1].name[:16]}-{digest[:16]}-{len(positions)}"
    return Part(name, tuple(p[0] for p in pieces), tuple(p[1] for p in pieces), positions)
