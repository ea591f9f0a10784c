"""One command a study: `python -m experiments.NAME --help`."""
