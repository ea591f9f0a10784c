"""What the command of every study shares: flags, exit codes, and what is said when it ends."""

import contextlib
import os
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from absl import app, flags, logging

from randarch.studies import (
    DEFAULT_MEMORY_BUDGET,
    RunFailedError,
    RunFolderError,
    new_workdir,
)

BAD_INPUT, INTERRUPTED = 2, 130
GROUPS = ("what", "where", "data", "random networks", "readout", "training", "analysis")
"""Of flags in --help, in order; a flag's `module_name` says to which it belongs."""


WEIGHTS = "independent between architectures, or shared by equal sub-graphs."


def define_shared_flags(study: str, weights: str = WEIGHTS) -> None:
    """Flags that every study has. Without a value a flag leaves the preset's.

    Args:
      study: its name.
      weights: what the flag of that name says.
    """
    flags.DEFINE_string(
        "workdir",
        None,
        f"Run folder; the same command on the same folder resumes. Default: runs/{study}-<time>.",
        module_name="where",
    )
    flags.DEFINE_string(
        "preset",
        "quick",
        "quick: offline, minutes. paper: the published protocol.",
        module_name="where",
    )
    flags.DEFINE_integer(
        "workers",
        None,
        "Architectures at a time; by default chosen for the machine. Does not change results.",
        module_name="where",
    )
    flags.DEFINE_float(
        "memory_budget",
        DEFAULT_MEMORY_BUDGET / 2**30,
        "GiB for what networks compute; past it features are computed again instead of kept, and probes are refused.",
        module_name="where",
    )
    flags.DEFINE_bool("progress", True, "Show progress bars.", module_name="where")
    flags.DEFINE_string(
        "dataset",
        None,
        "shapes or shapes:96 (built in), npz:PATH (x_train, y_train, x_test, y_test), or a TFDS name: cifar10.",
        module_name="data",
    )
    flags.DEFINE_string(
        "train_size",
        None,
        "Training images; all: every one.",
        module_name="data",
    )
    flags.DEFINE_string("test_size", None, "Test images; all: every one.", module_name="data")
    flags.DEFINE_integer(
        "seed",
        None,
        "Of the sample of architectures, the choice of images, the bootstrap.",
        module_name="data",
    )
    flags.DEFINE_integer(
        "seeds", None, "Weight draws of a random network.", module_name="random networks"
    )
    flags.DEFINE_string(
        "weights",
        None,
        weights,
        module_name="random networks",
    )
    flags.DEFINE_integer("epochs", None, "Of training.", module_name="training")


def define_flags(kind: Callable[..., Any], texts: Mapping[str, tuple[str, str]]) -> None:
    """Flags of one kind, such as `flags.DEFINE_string`, from name to group and help."""
    for name, (group, text) in texts.items():
        kind(name, None, text, module_name=group)


def given(names: Iterable[str]) -> dict[str, Any]:
    """The flags that were given, by name."""
    return {name: value for name in names if (value := getattr(flags.FLAGS, name)) is not None}


def parse_size(name: str, text: str) -> int | None:
    """A number of images, or None for `all`."""
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}; expected a whole number, or all") from None


def parse_integers(name: str, text: str) -> tuple[int, ...]:
    """A comma-separated list of whole numbers."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(
            f"{name} is {text!r}; expected whole numbers separated by commas, such as 3,5,9"
        ) from None


def choose_preset(presets: Any) -> Any:
    """The preset that the flag names."""
    name = flags.FLAGS.preset
    if name not in presets:
        raise ValueError(f"preset is {name!r}; expected one of {', '.join(presets)}")
    return presets[name]


class BadInput(Exception):
    """What the user gave cannot be run; the message says what, what was expected, and the remedy."""


@contextlib.contextmanager
def checking_input() -> Iterator[None]:
    """Around everything that looks at flags, data and folder: a ValueError there is the user's to mend."""
    try:
        yield
    except ValueError as error:
        raise BadInput(str(error)) from error


def memory_budget() -> int:
    """The flag's, in bytes."""
    value = flags.FLAGS.memory_budget
    if not 0 < value < 1e6:
        raise ValueError(
            f"memory_budget is {value:g} GiB; expected a number above 0 and below a million"
        )
    return int(value * 2**30)


def run_study(
    study: Any, config: Callable[[], Any], options: Callable[[], Mapping[str, Any]] = dict
) -> str:
    """Runs a study as the flags say; returns what is printed at the end.

    Args:
      study: one of `randarch.studies`.
      config: makes the study's config of the flags.
      options: makes the study's own options of the flags.
    """
    with checking_input():
        workdir = flags.FLAGS.workdir or new_workdir(study.STUDY)
        run = study.Study(
            config(),
            workdir,
            workers=flags.FLAGS.workers,
            memory_budget=memory_budget(),
            progress=flags.FLAGS.progress,
            command=shlex.join(["python", "-m", f"experiments.{study.STUDY}", *sys.argv[1:]]),
            **options(),
        )
    with run:
        try:
            result = run.run()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"To resume: the same command with --workdir={workdir}"
            ) from None
    took = f"This call took {run.session.elapsed:.0f} s with analysis, figures and page."
    return f"{result.describe()}\n{took}\n\nThe page: {workdir}/report.html"


def run_command(
    study: Any, config: Callable[[], Any], options: Callable[[], Mapping[str, Any]] = dict
) -> None:
    """Runs a study (see `run_study`) with parsed flags and turns what happens into an exit code.

    0 on success; 2 with one line for bad input (`BadInput`), a refused folder, a full disk or a run that found nothing;
    130 after Ctrl-C. Any
    other exception is a bug and keeps its traceback.
    """

    def parse(argv: list[str]) -> list[str]:
        if any(argument in ("--help", "-help", "-h") for argument in argv[1:]):
            print(_help())
            sys.exit(0)
        try:
            rest = flags.FLAGS(argv)
        except flags.Error as error:
            _fail(str(error))
        if len(rest) > 1:
            _fail(
                f"unexpected argument {rest[1]!r}; expected flags only, as --name=value (see --help)"
            )
        return rest

    def guarded(argv: list[str]) -> None:
        del argv
        # At info level JAX and TFDS tell about every backend and folder that they do not find.
        logging.set_verbosity(logging.WARNING)
        try:
            print(run_study(study, config, options))
        except (BadInput, RunFolderError, RunFailedError) as error:
            _fail(str(error))
        except KeyboardInterrupt as interruption:
            print(
                f"\ninterrupted; what was done is stored. {interruption}".rstrip(),
                file=sys.stderr,
                flush=True,
            )
            # Threads inside a compiled program cannot be stopped, and nothing is lost by not waiting for them.
            os._exit(INTERRUPTED)

    app.run(guarded, flags_parser=parse)


def _help() -> str:
    """The module's text, then every flag under the group that it was defined in."""
    groups = [g for g in dict.fromkeys(flags.FLAGS.flags_by_module_dict()) if g in GROUPS]
    parts = [
        (sys.modules["__main__"].__doc__ or "").strip(),
        "A flag that is not given keeps the preset's value.",
    ]
    for group in sorted(groups, key=GROUPS.index):
        lines = [f"{group}:"]
        for flag in flags.FLAGS.flags_by_module_dict()[group]:
            default = "" if flag.default is None else f" Default: {flag.default}."
            text = textwrap.fill(
                f"{flag.help}{default}", 96, initial_indent=" " * 6, subsequent_indent=" " * 6
            )
            lines.append(f"  --{flag.name}\n{text}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _fail(message: str) -> None:
    print(f"error: {' '.join(message.split())}", file=sys.stderr, flush=True)
    sys.exit(BAD_INPUT)
