"""Write the models of this folder and what they predict; see README.md. No test runs this."""

import random
from pathlib import Path

import numpy as np
import tf_keras
from tf_keras import layers

FOLDER = Path(__file__).parent
SHAPE = (8, 8, 1)


def with_skip() -> tf_keras.Model:
    """Return a functional network: batch normalization, skip connections, activations with parameters."""
    image = layers.Input(SHAPE, name="inputTensor")
    x = layers.Conv2D(3, 3, padding="same", kernel_regularizer="l2", use_bias=False)(image)
    x = y = layers.BatchNormalization(epsilon=0.01, momentum=0.9)(x)
    x = layers.LeakyReLU(alpha=0.2)(x)
    x = layers.Conv2D(3, 3, padding="same", kernel_initializer="he_normal", kernel_constraint="unit_norm")(x)
    x = layers.Add()([x, y])
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Concatenate()([x, layers.ReLU(max_value=0.5)(y), layers.ELU(alpha=0.5)(y)])
    x = layers.ZeroPadding2D((1, 0))(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Multiply()([x, layers.Activation("sigmoid")(x)])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(3)(layers.Dropout(0.3)(x))
    return tf_keras.Model(image, layers.Activation("softmax", name="outputTensor")(x), name="skip")


def separable() -> tf_keras.Model:
    """Return a chain of layers whose weights Keras 3 calls otherwise."""
    return tf_keras.Sequential(
        [
            layers.DepthwiseConv2D(3, depth_multiplier=2, input_shape=SHAPE, name="inputTensor"),
            layers.BatchNormalization(scale=False),
            layers.ThresholdedReLU(theta=0.01),
            layers.SeparableConv2D(3, 3, activation="tanh"),
            layers.SpatialDropout2D(0.2),
            layers.Conv2DTranspose(2, 2, strides=2),
            layers.AveragePooling2D(2, padding="same"),
            layers.GaussianNoise(0.1),
            layers.UpSampling2D(2),
            layers.Cropping2D(1),
            layers.Permute((2, 1, 3)),
            layers.Reshape((-1,)),
            layers.Dense(2, activation="softmax", kernel_regularizer=tf_keras.regularizers.L1L2(0.1, 0.2)),
        ],
        name="separable",
    )


def nested() -> tf_keras.Model:
    """Return a frozen backbone, fixed to inference, with a chain of layers as its head; the head is used twice."""
    image = layers.Input(SHAPE)
    x = layers.Conv2D(2, 3, name="block1/conv")(image)
    x = layers.BatchNormalization(name="block1/bn")(x)
    x = layers.GlobalMaxPooling2D()(layers.Activation("relu")(x))
    backbone = tf_keras.Model(image, x, name="backbone")
    backbone.trainable = False
    head = tf_keras.Sequential([layers.Dense(4, activation="relu", input_shape=(2,)), layers.BatchNormalization()])
    outer = layers.Input(SHAPE, name="inputTensor")
    turned = layers.Permute((2, 1, 3))(outer)
    both = [head(backbone(view, training=False)) for view in (outer, turned)]
    return tf_keras.Model(outer, layers.Dense(2, activation="softmax")(layers.Average()(both)), name="nested")


def with_code() -> tf_keras.Model:
    """Return a network that holds code of Python."""
    chain = [layers.Lambda(lambda x: x + 1, input_shape=SHAPE), layers.Flatten(), layers.Dense(2)]
    return tf_keras.Sequential(chain, name="code")


def main() -> None:
    """Write all files."""
    generator = np.random.default_rng(5)
    images = generator.random((4, *SHAPE), np.float32)
    expected = {"images": images}
    for make in (with_skip, separable, nested, with_code):
        random.seed(1)
        tf_keras.utils.set_random_seed(1)
        model = make()
        # Those of BatchNormalization too, which are 0 and 1 in a new network.
        model.set_weights([generator.uniform(0.1, 0.9, w.shape).astype(np.float32) - (w.ndim > 1) * 0.5
                           for w in model.get_weights()])  # fmt: skip
        model.save(FOLDER / f"{model.name}.h5", include_optimizer=False)
        (FOLDER / f"{model.name}.h5").rename(FOLDER / f"{model.name}.model")
        if model.name == "skip":
            (FOLDER / "skip.arch").write_text(model.to_json(), "utf-8")
        expected[model.name] = np.asarray(model(images))
    np.savez_compressed(FOLDER / "expected.npz", **expected)


main()
