"""Export models for other programs."""
