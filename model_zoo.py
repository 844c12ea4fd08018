"""The networks of AID Desktop. This file is yours to edit, with any text editor.

To add a network, copy one of the functions below and change it:

    @architecture("MyNet", min_size=16)     # its name in the program; the smallest image it takes, in pixels
    def my_net(input_shape, n_classes):     # input_shape is (height, width, channels)
        \"""One line about it, shown in the program.\"""
        image = keras.Input(input_shape, name="inputTensor")
        x = layers.Conv2D(32, 3, activation="relu")(image)
        x = layers.Flatten()(x)
        return finish(image, x, n_classes)

Save the file and press "Reload" in the program. There is no second list to update, and optimizer and loss are
chosen in the program. If something is wrong with the file, the program says what and in which line.

A further word for the decorator is family="mlp", "cnn" (when nothing is said), "pretrained" or "multi_input".
The networks stand here in order of complexity, family by family; the program shows them in the same order.
"""

import keras
from keras import layers

from aid_desktop.models.registry import architecture


def finish(image: keras.KerasTensor, x: keras.KerasTensor, n_classes: int) -> keras.Model:
    """Add the last layer, one probability for each class, and make the model from `image` to it."""
    x = layers.Dense(n_classes)(x)
    # float32 also where the rest computes in half precision: small probabilities would become 0.
    x = layers.Activation("softmax", dtype="float32", name="outputTensor")(x)
    return keras.Model(image, x)


def mlp(input_shape: tuple[int, int, int], n_classes: int, nodes: tuple[int, ...]) -> keras.Model:
    """Multilayer perceptron: every pixel is connected with every node of the first hidden layer."""
    image = keras.Input(input_shape, name="inputTensor")
    x = layers.Flatten()(image)
    for n in nodes:
        x = layers.Dense(n)(x)
        x = layers.Activation("relu")(x)
    return finish(image, x, n_classes)


def residual(
    input_shape: tuple[int, int, int], n_classes: int, stem: int, stages: tuple[tuple[int, int], ...]
) -> keras.Model:
    """Residual network: each stage (filters, blocks) halves the image, then refines it in residual blocks."""
    image = keras.Input(input_shape, name="inputTensor")
    x = convolution(image, stem)
    for filters, n_blocks in stages:
        x = convolution(x, filters, strides=2)
        for _ in range(n_blocks):
            x = layers.Add()([x, convolution(convolution(x, filters), filters)])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return finish(image, x, n_classes)


def convolution(x: keras.KerasTensor, filters: int, strides: int = 1) -> keras.KerasTensor:
    """Convolution 3 × 3 with padding, batch normalization, ReLU."""
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    # With Keras' momentum of 0.99, and few steps in an epoch, validation stays at chance for many epochs.
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.Activation("relu")(x)


@architecture("MLP_8_8_8", min_size=1, family="mlp")
def mlp_8_8_8(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Perceptron with three hidden layers of 8 nodes: the fastest, for simple shapes.

    Source: AIDeveloper. Layers: Flatten, 3 × (Dense 8, ReLU), Dense, softmax.
    Smallest image: 1 × 1. Parameters: 8 362 for 32 × 32 gray pixels and 2 classes.
    """
    return mlp(input_shape, n_classes, (8, 8, 8))


@architecture("MLP_24_16_24", min_size=1, family="mlp")
def mlp_24_16_24(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Perceptron with hidden layers of 24, 16 and 24 nodes: small enough for real-time sorting.

    Source: AIDeveloper. Layers: Flatten, Dense 24, 16, 24 with ReLU each, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 25 458 for 32 × 32 gray pixels and 2 classes.
    """
    return mlp(input_shape, n_classes, (24, 16, 24))


@architecture("MLP_64_32_16", min_size=1, family="mlp")
def mlp_64_32_16(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Perceptron with hidden layers of 64, 32 and 16 nodes, narrowing towards the classes.

    Source: AIDeveloper. Layers: Flatten, Dense 64, 32, 16 with ReLU each, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 68 242 for 32 × 32 gray pixels and 2 classes.
    """
    return mlp(input_shape, n_classes, (64, 32, 16))


@architecture("TinyResNet", min_size=1)
def tiny_resnet(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Small residual network with batch normalization: few parameters, equally many for every image size.

    Idea: each block learns what to add to its input (He et al. 2016, "Identity mappings in deep residual
    networks"); the mean over all positions replaces the large dense layers. Source: AIDeveloper, where the
    first convolution of each block was not connected; here both are. Slow on large images, since no layer
    makes them smaller.

    Layers: convolution 24, BN, ReLU; 2 × (BN, ReLU, convolution 24, BN, ReLU, convolution 24, add the block's
    input); BN, ReLU, global average, dropout 0.2, Dense, softmax. All convolutions 3 × 3 with padding.
    Smallest image: 1 × 1. Parameters: 21 698 for gray images of any size and 2 classes (AIDeveloper: 11 090).
    """
    image = keras.Input(input_shape, name="inputTensor")
    # With Keras' momentum of 0.99, and few steps in an epoch, validation stays at chance for many epochs.
    x = layers.Conv2D(24, 3, padding="same")(image)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.Activation("relu")(x)
    for _ in range(2):
        block_input = x
        for _ in range(2):
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.Activation("relu")(x)
            x = layers.Conv2D(24, 3, padding="same")(x)
        x = layers.Add()([x, block_input])
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.Activation("relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return finish(image, x, n_classes)


@architecture("LeNet5_do", min_size=16)
def lenet5_do(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """LeNet-5 with dropout: the classic small convolutional network, a good first choice for cells.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", with ReLU, max
    pooling and dropout, as in AIDeveloper.

    Layers: convolution 5 × 5 with 6 filters, ReLU, pooling; convolution 5 × 5 with 16 filters, ReLU,
    dropout 0.2, pooling; Dense 120, ReLU, dropout 0.5; Dense 84, ReLU, dropout 0.5; Dense, softmax.
    Smallest image: 16 × 16. Parameters: 61 026 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = layers.Conv2D(6, 5)(image)
    x = layers.Activation("relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(16, 5)(x)
    x = layers.Activation("relu")(x)
    x = layers.Dropout(0.2)(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    for n in (120, 84):
        x = layers.Dense(n)(x)
        x = layers.Activation("relu")(x)
        x = layers.Dropout(0.5)(x)
    return finish(image, x, n_classes)


@architecture("ResNet_small", min_size=1)
def resnet_small(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Fast residual network with batch normalization: good results after few epochs.

    Idea: halve the image at once, so that most layers compute on few positions; a residual block (He et al. 2016,
    "Deep residual learning for image recognition") where it costs little; the mean over all positions instead of
    large dense layers, so that any size fits. Source: made for this program.

    Layers: convolution 16; convolution 32, halved; convolution 64, halved; block of 2 convolutions 64 added to its
    input; convolution 128, halved; global average, dropout 0.2, Dense, softmax. All convolutions 3 × 3 with
    padding, BN and ReLU.
    Smallest image: 1 × 1. Parameters: 172 370 for gray images of any size and 2 classes.
    """
    return residual(input_shape, n_classes, 16, ((32, 0), (64, 1), (128, 0)))


@architecture("Nitta_et_al_6layer", min_size=16)
def nitta_et_al_6layer(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Four convolutions and two dense layers with dropout: for fine detail, and when there are many images.

    Source: Nitta et al. 2018, "Intelligent image-activated cell sorting", as in AIDeveloper.

    Layers: 2 × (convolution 3 × 3 with 32 filters, ReLU), pooling, dropout 0.25; the same with 64 filters;
    Dense 256, ReLU, dropout 0.5; Dense, softmax.
    Smallest image: 16 × 16. Parameters: 475 362 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = image
    for filters in (32, 64):
        for _ in range(2):
            x = layers.Conv2D(filters, 3)(x)
            x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(0.25)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(256)(x)
    x = layers.Activation("relu")(x)
    x = layers.Dropout(0.5)(x)
    return finish(image, x, n_classes)


@architecture("ResNet_compact", min_size=1)
def resnet_compact(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Compact residual network with batch normalization: the most accurate one here for many images.

    Idea: as ResNet_small, wider, with a residual block after every halving. Source: made for this program after He
    et al. 2016, "Deep residual learning for image recognition"; fewer than 1 million parameters.

    Layers: convolution 32; three stages of 40, 80 and 160 filters, each a convolution that halves the image and a
    block of 2 convolutions added to its input; global average, dropout 0.2, Dense, softmax. All convolutions 3 × 3
    with padding, BN and ReLU.
    Smallest image: 1 × 1. Parameters: 764 418 for gray images of any size and 2 classes.
    """
    return residual(input_shape, n_classes, 32, ((40, 1), (80, 1), (160, 1)))
