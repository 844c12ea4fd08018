"""Random changes of training images: pure functions of (images, settings, Generator).

Images are arrays (N, H, W, C) of any pixel type (see data/pixels.py) and any number of channels. They are changed in
place only where the caller says `overwrite`. The same Generator state gives the same pixels.
"""
