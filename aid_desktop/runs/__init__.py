"""What a run is made of on disk: its configuration, history, models and tables."""
