"""Is what a function of model_zoo.py returns a network for these images, features and classes?"""


def misfit_of(model: object, input_shape: tuple[int, int, int], n_classes: int, n_features: int) -> str:
    """Return what is wrong with the model that a function returned, "" if nothing is."""
    advice = "return keras.Model(image, output)"
    try:
        taken, given = model.input_shape, model.output_shape  # type: ignore[attr-defined]
    # AttributeError: no model (layers and tensors have no such shapes); ValueError: a model without an input.
    except (AttributeError, ValueError):
        return f"returns {type(model).__name__}, not a model with input and output: {advice}"
    wanted = (None, n_classes)
    if given != wanted:
        return f"gives an output of shape {given}, expected {wanted}: end with Dense(n_classes) and softmax"
    if n_features:
        two = (None, *input_shape), (None, n_features)
        # A dict of shapes: inputs by name, which have no order.
        fits = isinstance(taken, list | tuple) and len(taken) == 2
        fits = fits and all(_fits(one, shape) for one, shape in zip(taken, two, strict=True))
        advice = "return keras.Model([keras.Input(input_shape), keras.Input((n_features,))], output)"
        return "" if fits else f"takes input of the shapes {taken}, expected {list(two)}: {advice}"
    if not _fits(taken, (None, *input_shape)):
        return f"takes images of shape {taken}, expected {(None, *input_shape)}: use keras.Input(input_shape)"
    return ""


def _fits(taken: object, expected: tuple[int | None, ...]) -> bool:
    """Return whether an input takes arrays of this shape; None stands for any size. Several inputs are a list."""
    if not isinstance(taken, tuple) or len(taken) != len(expected):
        return False
    return all(one in (None, wanted) for one, wanted in zip(taken, expected, strict=True))
