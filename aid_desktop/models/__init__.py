"""Networks: the architectures of model_zoo.py, building, changing, saving and applying models."""
