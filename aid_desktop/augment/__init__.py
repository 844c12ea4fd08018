"""Random changes of training images: pure functions of (images, settings, Generator).

Images are uint8 arrays (N, H, W, C) with C = 1 or 3; they are never changed in place. The same
Generator state gives the same pixels.
"""
