"""Which layers do images ask for? Networks of random layer types, trained and compared class by class."""
