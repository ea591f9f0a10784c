"""Of a sweep over many networks: genes, trials, the Pareto front, what others found."""
