"""Ours against the usual way of doing it, in one run: `python -m benchmarks.<name>`, JSON out.

The peers (PyTorch, scikit-learn) come with `pip install -e '.[bench]'`.
"""
