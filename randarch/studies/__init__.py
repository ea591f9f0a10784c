"""One module a study: a frozen config with presets, the published numbers, and `run(config) -> result`."""

from randarch.studies import rfm_correlation

__all__ = ["rfm_correlation"]
