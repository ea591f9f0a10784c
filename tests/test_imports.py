"""Which way imports point, and other rules of the source that a reader cannot check by eye.

Every part of `randarch` (a top-level module or package) has one row in `RULES`: the parts it may
import and the third-party packages it may import. The standard library is free, but for the
modules in `FORBIDDEN_STDLIB`. Nothing is imported here: the sources are parsed.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 400


@dataclass(frozen=True)
class Rule:
    """What one part may import: parts of randarch (dotted for a single module), and packages."""

    parts: frozenset[str]
    packages: frozenset[str]


def rule(parts: str = "", packages: str = "") -> Rule:
    return Rule(frozenset(parts.split()), frozenset(packages.split()))


RULES: dict[str, Rule] = {
    "spec": rule(),
    "geometry": rule("spec"),
    "drawing": rule("spec geometry"),
    "spaces": rule("spec geometry", "numpy"),
    "reference": rule("spec"),
    "receptive_field": rule("spec geometry"),
    "layers": rule("", "jax flax numpy jaxtyping"),
    "networks": rule("spec layers", "jax flax numpy jaxtyping"),
    "looped": rule("spec geometry networks", "jax numpy jaxtyping"),
    "ridge": rule("", "jax numpy jaxtyping"),
    "memory": rule(),
    "engine": rule(
        "spec geometry layers networks looped ridge memory data.augmentation",
        "jax flax numpy scipy jaxtyping",
    ),
    "layerwise": rule(
        "spec geometry receptive_field layers networks ridge analysis training data.augmentation",
        "jax numpy optax jaxtyping",
    ),
    "training": rule(
        "spec geometry networks looped data.augmentation data.trivial_augment",
        "jax flax optax numpy jaxtyping",
    ),
    "proxies": rule("spec geometry networks ridge engine", "jax flax numpy jaxtyping"),
    "data": rule("", "jax numpy jaxtyping tensorflow_datasets importlib_resources"),
    "store": rule("", "numpy pandas filelock"),
    "scaling": rule("spec engine training store", "jax numpy"),
    "analysis": rule("", "numpy scipy pandas jaxtyping"),
    "report": rule(
        "spec geometry receptive_field analysis", "numpy pandas jaxtyping matplotlib plotly jinja2"
    ),
    "studies": rule(
        "spec geometry drawing spaces reference receptive_field layers networks looped layerwise ridge engine"
        " training memory proxies data store scaling analysis report",
        "jax numpy pandas jaxtyping threadpoolctl tqdm",
    ),
}
# The package's own __init__ gathers the public names, so it may import every part.
ROOT_RULE = Rule(frozenset(RULES), frozenset())
EXPERIMENTS_RULE = rule("studies", "absl tqdm")

# Flags are read below `experiments` nowhere; randomness comes in as a generator or a key.
FORBIDDEN_STDLIB = {"argparse", "optparse", "getopt", "random"}
FORBIDDEN_NAMES = re.compile(r"_?(utils?|helpers?|common|misc)")


@dataclass(frozen=True)
class Source:
    """A parsed module: its dotted name, whether it is a package's __init__, and its tree."""

    name: str
    is_package: bool
    tree: ast.Module


def parse(path: Path) -> Source:
    parts = path.relative_to(ROOT).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Source(name, is_package, ast.parse(path.read_text(encoding="utf-8"), str(path)))


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported_modules(source: Source) -> Iterator[tuple[int, str]]:
    """Yields (line, dotted name) of each import, also inside functions, `from a import b` as a.b.

    Raises:
      ValueError: an import by a name that is computed, which no table can check.
    """
    package = source.name if source.is_package else source.name.rpartition(".")[0]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in {"import_module", "__import__"}:
                argument = node.args[0] if node.args else None
                if not isinstance(argument, ast.Constant) or len(node.args) > 1:
                    raise ValueError(
                        f"{source.name}:{node.lineno}: {name}() with a computed or relative name; "
                        "write an import statement, inside the function if it has to be lazy."
                    )
                yield node.lineno, argument.value


def part_of(module: str) -> str:
    """The part a dotted name belongs to: randarch.data.shapes -> data, randarch -> (empty)."""
    return module.split(".")[1] if "." in module else ""


def import_violations(source: Source) -> list[str]:
    """Every import of one module that its rule does not allow, as sentences."""
    top, own = source.name.split(".")[0], part_of(source.name)
    if top == "experiments":
        allowed = EXPERIMENTS_RULE
    elif not own:
        allowed = ROOT_RULE
    elif own in RULES:
        allowed = RULES[own]
    else:
        return [
            f"{source.name}: randarch.{own} has no row in RULES. Decide what it may import "
            "(nothing points up the list, plotting stays in report) and add one."
        ]
    try:
        imports = list(imported_modules(source))
    except ValueError as error:
        return [str(error)]
    found = []
    for line, module in imports:
        package = module.split(".")[0]
        where = f"{source.name}:{line}: imports {module}"
        if package == "randarch":
            part = part_of(module)
            if part not in {*RULES, own}:
                found.append(f"{where}; name the part that defines it, not the package's root.")
            elif (top != "randarch" or part != own) and not any(
                f"{module}.".startswith(f"randarch.{one}.") for one in allowed.parts
            ):
                found.append(f"{where}; allowed parts: {sorted(allowed.parts) or 'none'}.")
        elif package == "experiments":
            if top != "experiments" or not part_of(module).startswith("_"):
                found.append(f"{where}; experiments share private modules alone (_name).")
        elif package in sys.stdlib_module_names:
            if package in FORBIDDEN_STDLIB:
                found.append(f"{where}; flags are read in experiments, generators are passed in.")
        elif package not in allowed.packages:
            found.append(f"{where}; allowed packages: {sorted(allowed.packages) or 'none'}.")
    return found


def state_violations(source: Source) -> list[str]:
    """Global configuration, flags and Python's randomised hash, as sentences."""
    found = []
    hashers = [n for n in ast.walk(source.tree) if getattr(n, "name", "") == "__hash__"]
    excused = {id(node) for hasher in hashers for node in ast.walk(hasher)}
    for node in ast.walk(source.tree):
        where = f"{source.name}:{getattr(node, 'lineno', 0)}:"
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name("jax"), attr="config")) if (
                node.attr == "update" or isinstance(node.ctx, ast.Store)
            ):
                found.append(f"{where} sets jax.config; use a scoped context such as enable_x64.")
            case ast.ImportFrom(module="jax" | "jax.config", names=names) if any(
                alias.name in {"config", "update"} for alias in names
            ):
                found.append(f"{where} imports jax's config; read jax.config.<name>, set nothing.")
            case ast.Name(id="FLAGS") | ast.Attribute(attr="FLAGS"):
                found.append(f"{where} reads FLAGS; take a config as an argument.")
            case ast.Attribute(value=ast.Name("sys"), attr="argv"):
                found.append(f"{where} reads sys.argv; take a config as an argument.")
            case ast.Call(func=ast.Name("hash")) if id(node) not in excused:
                found.append(f"{where} calls hash(), which differs between runs; use a digest.")
    return found


def snippet(name: str, code: str, is_package: bool = False) -> Source:
    return Source(name, is_package, ast.parse(code))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", python_files("randarch", "experiments"), ids=relative)
def test_imports_point_one_way(path: Path) -> None:
    assert import_violations(parse(path)) == []


@pytest.mark.parametrize("path", python_files("randarch"), ids=relative)
def test_library_has_no_global_state(path: Path) -> None:
    assert state_violations(parse(path)) == []


def test_every_part_has_a_rule() -> None:
    entries = {path.stem for path in (ROOT / "randarch").glob("*.py")} | {
        path.parent.relative_to(ROOT / "randarch").parts[0]
        for path in (ROOT / "randarch").rglob("*.py")
        if path.parent != ROOT / "randarch"
    }
    unlisted = entries - set(RULES) - {"__init__"}
    assert not unlisted, f"No row in RULES for {sorted(unlisted)}: decide what they may import."


def test_the_rules_have_no_cycle() -> None:
    parts = {one: {p.split(".")[0] for p in allowed.parts} for one, allowed in RULES.items()}
    assert set().union(*parts.values()) <= set(RULES)
    order = list(TopologicalSorter(parts).static_order())  # raises CycleError on a cycle
    assert order[-1] == "studies"


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[\[<>=!~; ]", one)[0] for one in project["dependencies"]}
    modules = {{"absl-py": "absl"}.get(name, name.replace("-", "_")).lower() for name in names}
    used = set().union(*(r.packages for r in [*RULES.values(), EXPERIMENTS_RULE]))
    assert used <= modules
    assert modules.isdisjoint({"tensorflow", "torch", "scikit_learn", "tensorflow_cpu"})


def test_only_report_plots() -> None:
    plotting = {"matplotlib", "plotly", "jinja2"}
    assert [part for part, one in RULES.items() if one.packages & plotting] == ["report"]


@pytest.mark.parametrize(
    "path", python_files("randarch", "experiments", "benchmarks", "tests"), ids=relative
)
def test_a_file_is_one_named_concept(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{lines} lines: cut it by concept, {MAX_LINES} are the most."
    for name in path.relative_to(ROOT).with_suffix("").parts:
        assert not FORBIDDEN_NAMES.fullmatch(name), f"{name} says nothing: name the concept."


@pytest.mark.parametrize("folder", ["randarch", "experiments", "benchmarks"])
def test_every_code_folder_is_a_package(folder: str) -> None:
    """A folder without __init__.py imports here, but has no docstring and hides from tools."""
    folders = {path.parent for path in python_files(folder)}
    assert [relative(one) for one in folders if not (one / "__init__.py").exists()] == []


@pytest.mark.parametrize(
    ("name", "code", "is_package"),
    [
        ("randarch.spec", "import numpy", False),
        ("randarch.spec", "from .geometry import shapes", False),
        ("randarch.spec", "from . import geometry", False),
        ("randarch.geometry", "def f():\n    import randarch.networks", False),
        ("randarch.spaces.chain", "from ..engine import plan", False),
        ("randarch.spaces", "from ..engine import plan", True),
        ("randarch.ridge", "import randarch", False),
        ("randarch.ridge", "from randarch import ArchSpec", False),
        ("randarch.ridge", "import importlib\nimportlib.import_module('randarch.engine')", False),
        ("randarch.ridge", "import importlib\nimportlib.import_module(name)", False),
        ("randarch.training", "from randarch.data import shapes", False),
        ("randarch.analysis.correlation", "import matplotlib.pyplot as plt", False),
        ("randarch.engine.sweep", "from absl import logging", False),
        ("randarch.studies.rfm", "import plotly", False),
        ("randarch.studies.rfm", "import experiments.rfm_correlation", False),
        ("randarch.data.named", "import tensorflow", False),
        ("randarch.data.named", "import random", False),
        ("randarch.store", "import argparse", False),
        ("randarch.helpers2", "x = 1", False),
        ("experiments.rfm", "from randarch.engine import evaluate", False),
        ("experiments.rfm", "import numpy", False),
        ("experiments.rfm", "from experiments import other", False),
        ("experiments.rfm", "from .other import main", False),
    ],
)
def test_a_forbidden_import_is_found(name: str, code: str, is_package: bool) -> None:
    assert len(import_violations(snippet(name, code, is_package))) == 1


@pytest.mark.parametrize(
    ("name", "code", "is_package"),
    [
        ("randarch.spec", "import hashlib\nfrom collections.abc import Iterator", False),
        ("randarch.geometry", "from .spec import ArchSpec", False),
        ("randarch.spaces", "from .chain import ConvChain\nfrom ..spec import ArchSpec", True),
        ("randarch.spaces.chain", "from randarch.spaces.base import Space", False),
        ("randarch.training", "from randarch.data.augmentation import crop", False),
        ("randarch.training", "from randarch.data import augmentation", False),
        ("randarch", "from .studies import rfm_correlation\nfrom .spec import ArchSpec", True),
        ("randarch.studies.rfm", "from randarch.report.rfm.page import write", False),
        ("experiments.rfm", "from absl import app, flags\nfrom ._main import run_study", False),
        ("experiments.rfm", "from randarch.studies import rfm_correlation", False),
    ],
)
def test_an_allowed_import_passes(name: str, code: str, is_package: bool) -> None:
    assert import_violations(snippet(name, code, is_package)) == []


@pytest.mark.parametrize(
    "code",
    [
        "import jax\njax.config.update('jax_enable_x64', True)",
        "import jax\njax.config.jax_enable_x64 = True",
        "from jax import config",
        "FLAGS.depth",
        "flags.FLAGS",
        "import sys\nsys.argv[1:]",
        "def key(x):\n    return hash(x)",
    ],
)
def test_global_state_is_found(code: str) -> None:
    assert len(state_violations(snippet("randarch.engine", code))) == 1


def test_reading_configuration_is_no_violation() -> None:
    code = """
import jax
if jax.config.jax_enable_x64:
    config.update(other)
class A:
    def __hash__(self):
        return hash(self.digest)
"""
    assert state_violations(snippet("randarch.engine", code)) == []
