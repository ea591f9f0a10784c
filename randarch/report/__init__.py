"""Figures and the self-contained page of each study; the only user of plotting libraries."""
