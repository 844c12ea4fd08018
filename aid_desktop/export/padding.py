"""How far TensorFlow pads images for padding="same"."""


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Return the pixels before and after a side of `size` pixels; where they differ there is one more after it.

    Source: https://www.tensorflow.org/api_docs/python/tf/nn, notes on padding.
    """
    n_outputs = -(-size // stride)
    total = max((n_outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2
