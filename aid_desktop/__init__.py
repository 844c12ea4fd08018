"""AID Desktop: train, watch, assess and apply image classifiers without programming."""

__version__ = "0.1.0"
