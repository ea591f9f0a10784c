"""One command a study: `python -m experiments.<study> --help`.

A module here turns flags into a frozen config, calls `randarch.studies.<study>.run` and reports;
the studies themselves are in `randarch.studies`, where notebooks call them.
"""
