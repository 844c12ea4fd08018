"""The manual in a window of its own, from the Markdown files that it is written in."""
