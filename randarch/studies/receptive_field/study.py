"""The run: what follows from each network's graph and the resolution."""

import os
from typing import Any

from randarch.receptive_field import analyze_fields, suggest
from randarch.studies.receptive_field.config import Config, deviations
from randarch.studies.receptive_field.networks import build
from randarch.studies.receptive_field.result import NetworkResult, Result
from randarch.studies.session import Session, new_workdir

STUDY = "receptive_field"


class Study:
    """A run that is ready to go: everything that bad input could break has been checked.

    Args:
      config: what to run.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      command: how the run was started, for the report.
      **options: of `Session`.

    Raises:
      ValueError: an unknown network, one that does not fit the resolution (`GeometryError`, which names
        the layer), or a folder of another run.
    """

    def __init__(self, config: Config, workdir: str | os.PathLike[str], **options: Any) -> None:
        self.config = config
        self.session = Session(STUDY, config.to_dict(), workdir, numerics={}, **options)
        self.networks = tuple(self._analyzed(name) for name in config.networks)
        self.session.open()

    def __enter__(self) -> "Study":
        return self

    def __exit__(self, *error: object) -> None:
        self.session.close()

    def _analyzed(self, name: str) -> NetworkResult:
        spec = build(name, self.config)
        try:
            found = analyze_fields(spec, self.config.resolution, self.config.channels)
        except ValueError as error:
            raise ValueError(f"{name} at {self.config.resolution} pixels: {error}") from error
        return NetworkResult(name, found, suggest(found, self.config.num_classes))

    def run(self) -> Result:
        """Writes tables, summary, figures and page."""
        session = self.session
        with session.recording():
            result = Result(
                study=STUDY,
                config=self.config,
                networks=self.networks,
                deviations=deviations(self.config),
                seconds=session.seconds({}),
                command=session.command,
                provenance=session.provenance(),
            )
            result.save(session.folder.path)
        return result


def run(config: Config, workdir: str | os.PathLike[str] | None = None, **options: Any) -> Result:
    """Runs the study and returns what it found; the options are those of `Study`.

    Without a `workdir` the run goes to `runs/receptive_field-<time>`.
    """
    with Study(config, workdir or new_workdir(STUDY), **options) as study:
        return study.run()
