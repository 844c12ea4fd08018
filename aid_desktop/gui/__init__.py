"""The window: shows the core, holds no logic of its own."""
