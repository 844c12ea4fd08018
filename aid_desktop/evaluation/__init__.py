"""What a model says about images, and how far that can be trusted."""
