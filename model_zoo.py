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

Further words for the decorator are family="mlp", "cnn" (when nothing is said), "pretrained" or "multi_input" (a
network that takes features of the image besides it, from (input_shape, n_classes, n_features): see the end), and
weights="MobileNetV2", for example, for a network that begins with weights of keras.applications: see the end.
The networks stand here in order of complexity, family by family; the program shows them in the same order.
A name that ends in * stands for many networks: see `mlp`.

Most networks come from AIDeveloper (Kräter et al. 2021, "AIDeveloper: deep learning image classification in life
science and beyond") under the names that they have there. Where one differs, its docstring says so. Common to all:
images need not be square, and batch normalization follows the data faster (see `batch_norm`).
"""

from collections.abc import Callable

import keras
from keras import layers

from aid_desktop.models.registry import architecture

# --- parts that many networks share -----------------------------------------------------------------------


def finish(image: keras.KerasTensor | list[keras.KerasTensor], x: keras.KerasTensor, n_classes: int) -> keras.Model:
    """Add the last layer, one probability for each class, and make the model from `image`, or all inputs, to it."""
    return finish_scores(image, layers.Dense(n_classes)(x))


def finish_scores(image: keras.KerasTensor | list[keras.KerasTensor], scores: keras.KerasTensor) -> keras.Model:
    """Turn one score for each class into probabilities, and make the model from `image`, or all inputs, to them."""
    # float32 also where the rest computes in half precision: small probabilities would become 0.
    x = layers.Activation("softmax", dtype="float32", name="outputTensor")(scores)
    return keras.Model(image, x)


def conv(x: keras.KerasTensor, filters: int, size: int = 3, padding: str = "valid") -> keras.KerasTensor:
    """Add a convolution of `size` × `size` and ReLU; padding="same" keeps the size of the image."""
    x = layers.Conv2D(filters, size, padding=padding)(x)
    return layers.Activation("relu")(x)


def dense(x: keras.KerasTensor, nodes: int) -> keras.KerasTensor:
    """Add a dense layer and ReLU."""
    x = layers.Dense(nodes)(x)
    return layers.Activation("relu")(x)


def batch_norm(x: keras.KerasTensor) -> keras.KerasTensor:
    """Add batch normalization.

    With Keras' (and AIDeveloper's) momentum of 0.99, and few steps in an epoch, validation stays at chance for many
    epochs.
    """
    return layers.BatchNormalization(momentum=0.9)(x)


# --- multilayer perceptrons: every pixel is connected with every node of the first hidden layer -------------


@architecture("MLP_4_4_4", min_size=1, family="mlp")
def mlp_4_4_4(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Perceptron with three hidden layers of 4 nodes: the smallest of all.

    Source: AIDeveloper. Layers: Flatten, 3 × (Dense 4, ReLU), Dense, softmax.
    Smallest image: 1 × 1. Parameters: 4 150 for 32 × 32 gray pixels and 2 classes.
    """
    return mlp(input_shape, n_classes, (4, 4, 4))


@architecture("MLP_8_8_8", min_size=1, family="mlp")
def mlp_8_8_8(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Perceptron with three hidden layers of 8 nodes: for simple shapes.

    Source: AIDeveloper. Layers: Flatten, 3 × (Dense 8, ReLU), Dense, softmax.
    Smallest image: 1 × 1. Parameters: 8 362 for 32 × 32 gray pixels and 2 classes.
    """
    return mlp(input_shape, n_classes, (8, 8, 8))


@architecture("MLP_16_8_16", min_size=1, family="mlp")
def mlp_16_8_16(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Perceptron with hidden layers of 16, 8 and 16 nodes, narrow in the middle.

    Source: AIDeveloper. Layers: Flatten, Dense 16, 8, 16 with ReLU each, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 16 714 for 32 × 32 gray pixels and 2 classes.
    """
    return mlp(input_shape, n_classes, (16, 8, 16))


@architecture("MLP_24_16_24", min_size=1, family="mlp")
def mlp_24_16_24(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Perceptron with hidden layers of 24, 16 and 24 nodes: small enough for real-time sorting.

    Source: AIDeveloper. Layers: Flatten, Dense 24, 16, 24 with ReLU each, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 25 458 for 32 × 32 gray pixels and 2 classes.
    """
    return mlp(input_shape, n_classes, (24, 16, 24))


@architecture("MLP_24_16_24_skipcon", min_size=1, family="mlp")
def mlp_24_16_24_skipcon(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """MLP_24_16_24 with a skip connection: the first hidden layer is added to the last.

    Idea: what the narrow layer in the middle cannot carry goes past it. Source: AIDeveloper.
    Layers: Flatten, Dense 24, 16, 24 with ReLU each, sum of the first and the last of them, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 25 458 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    first = dense(layers.Flatten()(image), 24)
    x = dense(dense(first, 16), 24)
    x = layers.Add()([x, first])
    return finish(image, x, n_classes)


@architecture("MLP_64_32_16", min_size=1, family="mlp")
def mlp_64_32_16(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Perceptron with hidden layers of 64, 32 and 16 nodes, narrowing towards the classes.

    Source: AIDeveloper. Layers: Flatten, Dense 64, 32, 16 with ReLU each, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 68 242 for 32 × 32 gray pixels and 2 classes.
    """
    return mlp(input_shape, n_classes, (64, 32, 16))


@architecture("MLP_256_128_64_do", min_size=1, family="mlp")
def mlp_256_128_64_do(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Large perceptron with dropout, which keeps it from learning the training images by heart.

    Source: AIDeveloper. Layers: Flatten; Dense 256, ReLU, dropout 0.4; Dense 128, ReLU, dropout 0.3; Dense 64, ReLU,
    dropout 0.2; Dense, softmax. Smallest image: 1 × 1. Parameters: 303 682 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = layers.Flatten()(image)
    for nodes, rate in ((256, 0.4), (128, 0.3), (64, 0.2)):
        x = dense(x, nodes)
        x = layers.Dropout(rate)(x)
    return finish(image, x, n_classes)


# In place of the * come one to eight numbers, joined by _; the function gets them as a tuple.
@architecture("MLP_*", min_size=1, family="mlp")
def mlp(input_shape: tuple[int, int, int], n_classes: int, nodes: tuple[int, ...]) -> keras.Model:
    """Perceptron with hidden layers of your own choice: MLP_96_80 has two, with 96 and with 80 nodes.

    Source: AIDeveloper. Layers: Flatten, for each number Dense with so many nodes and ReLU, Dense, softmax.
    Smallest image: 1 × 1.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = layers.Flatten()(image)
    for n in nodes:
        x = dense(x, n)
    return finish(image, x, n_classes)


# --- convolutional networks ---------------------------------------------------------------------------------


@architecture("TinyCNN", min_size=10)
def tiny_cnn(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """The smallest convolutional network: two convolutions of 3 filters.

    Source: AIDeveloper. Layers: 2 × (convolution 3 × 3 with 3 filters, ReLU, pooling); Dense 16, ReLU; Dense 24,
    ReLU; Dense, softmax. Smallest image: 10 × 10. Parameters: 2 316 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = image
    for _ in range(2):
        x = conv(x, 3)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = dense(dense(x, 16), 24)
    return finish(image, x, n_classes)


@architecture("TinyResNet", min_size=1)
def tiny_resnet(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Small residual network with batch normalization: few parameters, equally many for every image size.

    Idea: each block learns what to add to its input (He et al. 2016, "Identity mappings in deep residual
    networks"); the mean over all positions replaces the large dense layers. Source: AIDeveloper, where the
    first convolution of each block was not connected and the last layer had no name; here both convolutions are
    connected and it has one. Slow on large images, since no layer makes them smaller.

    Layers: convolution 24, BN, ReLU; 2 × (BN, ReLU, convolution 24, BN, ReLU, convolution 24, add the block's
    input); BN, ReLU, global average, dropout 0.2, Dense, softmax. All convolutions 3 × 3 with padding.
    Smallest image: 1 × 1. Parameters: 21 698 for gray images of any size and 2 classes (AIDeveloper: 11 090).
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = layers.Conv2D(24, 3, padding="same")(image)
    x = batch_norm(x)
    x = layers.Activation("relu")(x)
    for _ in range(2):
        block_input = x
        for _ in range(2):
            x = batch_norm(x)
            x = layers.Activation("relu")(x)
            x = layers.Conv2D(24, 3, padding="same")(x)
        x = layers.Add()([x, block_input])
    x = batch_norm(x)
    x = layers.Activation("relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return finish(image, x, n_classes)


@architecture("LeNet5", min_size=16)
def lenet5(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """LeNet-5: the classic small convolutional network, without dropout.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", with ReLU and max pooling,
    as in AIDeveloper.

    Layers: convolution 5 × 5 with 6 filters, ReLU, pooling; convolution 5 × 5 with 16 filters, ReLU, pooling;
    Dense 120, ReLU; Dense 84, ReLU; Dense, softmax.
    Smallest image: 16 × 16. Parameters: 61 026 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = image
    for filters in (6, 16):
        x = conv(x, filters, 5)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = dense(dense(x, 120), 84)
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
    x = conv(image, 6, 5)
    x = layers.MaxPooling2D()(x)
    x = conv(x, 16, 5)
    x = layers.Dropout(0.2)(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    for nodes in (120, 84):
        x = dense(x, nodes)
        x = layers.Dropout(0.5)(x)
    return finish(image, x, n_classes)


@architecture("LeNet5_bn_do", min_size=16)
def lenet5_bn_do(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """LeNet-5 with batch normalization and dropout.

    Source: AIDeveloper. Layers: as LeNet5_do, with batch normalization after each ReLU.
    Smallest image: 16 × 16. Parameters: 61 930 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = batch_norm(conv(image, 6, 5))
    x = layers.MaxPooling2D()(x)
    x = batch_norm(conv(x, 16, 5))
    x = layers.Dropout(0.2)(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    for nodes in (120, 84):
        x = batch_norm(dense(x, nodes))
        x = layers.Dropout(0.5)(x)
    return finish(image, x, n_classes)


@architecture("MhNet1_bn_do_skipcon", min_size=4)
def mhnet1_bn_do_skipcon(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Five small convolutions with two skip connections, batch normalization and dropout: also for tiny images.

    Source: AIDeveloper.

    Layers: convolution 8, dropout 0.05, pooling (a); convolution 16, dropout 0.2, pooling (b); convolution 32,
    dropout 0.3; convolution 16, dropout 0.2, add b; convolution 8, add the pooled a, dropout 0.05; Dense 120,
    dropout 0.5; Dense 84, dropout 0.3; Dense, softmax. Convolutions 3 × 3 with padding; ReLU and batch
    normalization after each layer with weights.
    Smallest image: 4 × 4. Parameters: 84 702 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = batch_norm(conv(image, 8, padding="same"))
    x = layers.Dropout(0.05)(x)
    x = layers.MaxPooling2D()(x)
    shortcut_8 = layers.MaxPooling2D()(x)
    x = batch_norm(conv(x, 16, padding="same"))
    x = layers.Dropout(0.2)(x)
    shortcut_16 = layers.MaxPooling2D()(x)
    x = batch_norm(conv(shortcut_16, 32, padding="same"))
    x = layers.Dropout(0.3)(x)
    x = batch_norm(conv(x, 16, padding="same"))
    x = layers.Dropout(0.2)(x)
    x = layers.Add()([x, shortcut_16])
    x = batch_norm(conv(x, 8, padding="same"))
    x = layers.Add()([x, shortcut_8])
    x = layers.Dropout(0.05)(x)
    x = layers.Flatten()(x)
    for nodes, rate in ((120, 0.5), (84, 0.3)):
        x = batch_norm(dense(x, nodes))
        x = layers.Dropout(rate)(x)
    return finish(image, x, n_classes)


@architecture("LeNet5_bn_do_skipcon", min_size=4)
def lenet5_bn_do_skipcon(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """LeNet-5 with batch normalization, dropout and two skip connections: also for tiny images.

    Idea: the second convolution learns what to add to the image and to the output of the first one, both brought to
    its 16 channels by convolutions 1 × 1. Source: AIDeveloper.

    Layers: convolution 5 × 5 with 6 filters, ReLU, BN, pooling; convolution 5 × 5 with 16 filters, ReLU, BN,
    dropout 0.2, add convolutions 1 × 1 of its input and of the pooled image, pooling; Dense 120 and Dense 84 with
    ReLU, BN, dropout 0.5 each; Dense, softmax. All convolutions with padding.
    Smallest image: 4 × 4. Parameters: 136 954 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    from_image = layers.MaxPooling2D()(image)
    from_image = layers.Conv2D(16, 1)(from_image)
    x = batch_norm(conv(image, 6, 5, padding="same"))
    x = layers.MaxPooling2D()(x)
    from_first = layers.Conv2D(16, 1)(x)
    x = batch_norm(conv(x, 16, 5, padding="same"))
    x = layers.Dropout(0.2)(x)
    x = layers.Add()([x, from_image, from_first])
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    for nodes in (120, 84):
        x = batch_norm(dense(x, nodes))
        x = layers.Dropout(0.5)(x)
    return finish(image, x, n_classes)


@architecture("Nitta_et_al_8layer", min_size=36)
def nitta_et_al_8layer(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Six convolutions and two dense layers with dropout: for images of 36 pixels and more.

    Source: the data of Nitta et al. 2018, "Intelligent image-activated cell sorting", as in AIDeveloper; its author
    was not sure about the dropout.

    Layers: 2 × (convolution 3 × 3 with 32 filters, ReLU), pooling, dropout 0.25; twice the same with 64 filters;
    Dense 128, ReLU, dropout 0.5; Dense, softmax.
    Smallest image: 36 × 36. Parameters: 270 306 for 64 × 64 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = nitta_convolutions(image, (32, 64, 64))
    x = dense(layers.Flatten()(x), 128)
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


@architecture("CompactMobileNet", min_size=1)
def compact_mobile_net(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Inverted residuals with depthwise convolutions: a modern network, equally many parameters for every image size.

    Idea: a convolution 1 × 1 makes four times as many channels, a depthwise one looks at each of them by itself, and
    another 1 × 1 brings them back to few. Source: Sandler et al. 2018, "MobileNetV2: inverted residuals and linear
    bottlenecks", made for images of 16 to 100 pixels: only two of its layers halve the size.

    Layers: convolution 3 × 3 with 16 filters, BN, ReLU; blocks of 24 (stride 2), 24, 48 (stride 2), 48, 96, 96
    channels, each (convolution 1 × 1, BN, ReLU, depthwise 3 × 3, BN, ReLU, convolution 1 × 1, BN) with the block's
    input added where the shapes are equal; convolution 1 × 1 with 256 filters, BN, ReLU; global average,
    dropout 0.2, Dense, softmax. All with padding.
    Smallest image: 1 × 1. Parameters: 178 962 for gray images of any size and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(image)
    x = layers.Activation("relu")(batch_norm(x))
    for filters, stride in ((24, 2), (24, 1), (48, 2), (48, 1), (96, 1), (96, 1)):
        x = inverted_residual(x, filters, stride)
    x = layers.Conv2D(256, 1, use_bias=False)(x)
    x = layers.Activation("relu")(batch_norm(x))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return finish(image, x, n_classes)


@architecture("VGG_small_4", min_size=8)
def vgg_small_4(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Four convolutions with padding, a skip connection from the image, three dense layers: for transfer learning.

    Idea: few batch normalizations, so that what was learnt fits other images too. Source: AIDeveloper.

    Layers: 2 × (convolution 32, ReLU), pooling; convolution 64, ReLU, BN, pooling; convolution 64, ReLU, add
    (convolution 1 × 1 of the image with 64 filters, pooling 4 × 4), pooling; Dense 256, ReLU, dropout 0.5, BN;
    Dense 128, ReLU, dropout 0.25; Dense, softmax. Convolutions 3 × 3 with padding.
    Smallest image: 8 × 8. Parameters: 361 954 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    from_image = layers.Conv2D(64, 1)(image)
    from_image = layers.MaxPooling2D(4)(from_image)
    x = conv(image, 32, padding="same")
    x = conv(x, 32, padding="same")
    x = layers.MaxPooling2D()(x)
    x = batch_norm(conv(x, 64, padding="same"))
    x = layers.MaxPooling2D()(x)
    x = conv(x, 64, padding="same")
    x = layers.Add()([x, from_image])
    x = layers.MaxPooling2D()(x)
    return finish_vgg(image, x, n_classes)


@architecture("Nitta_et_al_6layer", min_size=16)
def nitta_et_al_6layer(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Four convolutions and two dense layers with dropout: for fine detail, and when there are many images.

    Source: Nitta et al. 2018, "Intelligent image-activated cell sorting", as in AIDeveloper.

    Layers: 2 × (convolution 3 × 3 with 32 filters, ReLU), pooling, dropout 0.25; the same with 64 filters;
    Dense 256, ReLU, dropout 0.5; Dense, softmax.
    Smallest image: 16 × 16. Parameters: 475 362 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    return finish(image, nitta_6layer(image), n_classes)


@architecture("Nitta_et_al_6layer_linact", min_size=16)
def nitta_et_al_6layer_linact(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Nitta_et_al_6layer with a layer of linear scores before the probabilities; it computes the same.

    Source: AIDeveloper, where the second convolution had, by a slip, a stride of 3 and the network ended with the
    scores. Here the stride is 1, and softmax makes probabilities of the scores, without which nothing could be
    assessed; so it differs no more from Nitta_et_al_6layer than by the layer "scores", kept for those who want to
    read it. Smallest image: 16 × 16 (AIDeveloper: 38). Parameters: 475 362 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = layers.Dense(n_classes)(nitta_6layer(image))
    return finish_scores(image, layers.Activation("linear", name="scores")(x))


@architecture("Nitta_et_al_6layer_reluact", min_size=16)
def nitta_et_al_6layer_reluact(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Nitta_et_al_6layer with scores that cannot be negative: no class can be ruled out with certainty.

    Source: AIDeveloper, where the network ended with the scores. Here softmax makes probabilities of them, without
    which nothing could be assessed. Layers: as Nitta_et_al_6layer, with ReLU before softmax.
    Smallest image: 16 × 16. Parameters: 475 362 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = layers.Dense(n_classes)(nitta_6layer(image))
    return finish_scores(image, layers.Activation("relu", name="scores")(x))


@architecture("VGG_small_1", min_size=16)
def vgg_small_1(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Four convolutions with batch normalization nearly everywhere, and one dense layer.

    Idea: small convolutions, one after the other (Simonyan and Zisserman 2015, "Very deep convolutional networks for
    large-scale image recognition"). Source: AIDeveloper.

    Layers: convolution 32, ReLU, BN; convolution 32, ReLU, pooling, BN; convolution 64, ReLU, BN; convolution 64,
    ReLU, pooling; Flatten, BN; Dense 256, ReLU, BN, dropout 0.5; Dense, softmax. Convolutions 3 × 3.
    Smallest image: 16 × 16. Parameters: 483 298 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = vgg_convolutions(image)
    return finish_vgg_bn(image, x, n_classes)


@architecture("VGG_small_2", min_size=16)
def vgg_small_2(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """VGG_small_1 with a skip connection from the image.

    Source: AIDeveloper, where the image was pooled 3 × 3, which fits eight sizes only (14, 15, 32, 34 to 37, 39) and
    adds pixels of different places. Here it is pooled 2 × 2, and three pixels are cut off at each side: just what the
    convolutions lose there, so that all sizes fit and each pixel is added to its own place.

    Layers: as VGG_small_1; before the last pooling add (BN of the image, convolution 1 × 1 with 64 filters, pooling,
    cropping). Smallest image: 16 × 16. Parameters: 483 430 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    from_image = pooled_and_cropped(layers.Conv2D(64, 1)(batch_norm(image)))
    x = vgg_convolutions(image)
    x = layers.Add()([x, from_image])
    return finish_vgg_bn(image, x, n_classes)


@architecture("VGG_small_3", min_size=16)
def vgg_small_3(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Four convolutions with a skip connection from the image and three dense layers: for transfer learning.

    Idea: few batch normalizations, so that what was learnt fits other images too. Source: AIDeveloper, where the image
    was pooled 3 × 3, which fits eight sizes only; mended as VGG_small_2.

    Layers: 2 × (convolution 32, ReLU), pooling; convolution 64, ReLU, BN; convolution 64, ReLU, add (convolution
    1 × 1 of the image with 64 filters, pooling, cropping), pooling; Dense 256, ReLU, dropout 0.5, BN; Dense 128,
    ReLU, dropout 0.25; Dense, softmax. Convolutions 3 × 3.
    Smallest image: 16 × 16. Parameters: 509 410 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    from_image = pooled_and_cropped(layers.Conv2D(64, 1)(image))
    x = conv(conv(image, 32), 32)
    x = layers.MaxPooling2D()(x)
    x = batch_norm(conv(x, 64))
    x = conv(x, 64)
    x = layers.Add()([x, from_image])
    x = layers.MaxPooling2D()(x)
    return finish_vgg(image, x, n_classes)


@architecture("CompactConvNeXt", min_size=1)
def compact_convnext(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Large depthwise convolutions with layer normalization: a modern network, equally many parameters for every size.

    Idea: a depthwise convolution 7 × 7 looks far around, two dense layers at each position make something of it, and
    the block's input is added. Source: Liu et al. 2022, "A ConvNet for the 2020s", made small: without layer scale
    and stochastic depth, and with a first convolution 2 × 2 instead of 4 × 4.

    Layers: convolution 2 × 2 with stride 2 and 40 filters, LN; 2 blocks; LN, convolution 2 × 2 with stride 2 and 80
    filters, 2 blocks; the same with 160; each block (depthwise 7 × 7, LN, Dense to 4 × the channels, GELU, Dense, add
    the block's input); global average, LN, dropout 0.2, Dense, softmax. All with padding.
    Smallest image: 1 × 1. Parameters: 634 922 for gray images of any size and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = image
    for channels in (40, 80, 160):
        if channels > 40:
            x = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Conv2D(channels, 2, strides=2, padding="same")(x)
        if channels == 40:
            x = layers.LayerNormalization(epsilon=1e-6)(x)
        for _ in range(2):
            block_input = x
            x = layers.DepthwiseConv2D(7, padding="same")(x)
            x = layers.LayerNormalization(epsilon=1e-6)(x)
            x = layers.Dense(4 * channels)(x)
            x = layers.Activation("gelu")(x)
            x = layers.Dense(channels)(x)
            x = layers.Add()([x, block_input])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.Dropout(0.2)(x)
    return finish(image, x, n_classes)


@architecture("ResNet_compact", min_size=1)
def resnet_compact(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Compact residual network with batch normalization, wider than ResNet_small: for many images.

    Idea: as ResNet_small, wider, with a residual block after every halving. Source: made for this program after He
    et al. 2016, "Deep residual learning for image recognition"; fewer than 1 million parameters.

    Layers: convolution 32; three stages of 40, 80 and 160 filters, each a convolution that halves the image and a
    block of 2 convolutions added to its input; global average, dropout 0.2, Dense, softmax. All convolutions 3 × 3
    with padding, BN and ReLU.
    Smallest image: 1 × 1. Parameters: 764 418 for gray images of any size and 2 classes.
    """
    return residual(input_shape, n_classes, 32, ((40, 1), (80, 1), (160, 1)))


@architecture("CNN_6Conv4Dense_skipcon", min_size=8)
def cnn_6conv4dense_skipcon(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Residual network with six convolutions and four dense layers: for tissue, and with many images.

    Idea: in each of three stages the second convolution learns what to add to the first. Source: the
    network for adipocytes in the paper on AIDeveloper, of which it tells the numbers of layers and that it is
    residual; filters, nodes and dropout are chosen here.

    Layers: 3 stages of 32, 64 and 128 filters, each (convolution, BN, ReLU; convolution, BN, ReLU, add the output of
    the first one; pooling, dropout 0.2); Dense 256, ReLU, BN, dropout 0.5; Dense 128, ReLU, dropout 0.25; Dense 64,
    ReLU; Dense, softmax. Convolutions 3 × 3 with padding.
    Smallest image: 8 × 8. Parameters: 855 074 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = image
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same")(x)
        first = layers.Activation("relu")(batch_norm(x))
        x = layers.Conv2D(filters, 3, padding="same")(first)
        x = layers.Activation("relu")(batch_norm(x))
        x = layers.Add()([x, first])
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(0.2)(x)
    x = layers.Flatten()(x)
    x = batch_norm(dense(x, 256))
    x = layers.Dropout(0.5)(x)
    x = dense(x, 128)
    x = layers.Dropout(0.25)(x)
    x = dense(x, 64)
    return finish(image, x, n_classes)


@architecture("CNN_4Conv2Dense_Optim", min_size=16)
def cnn_4conv2dense_optim(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Four convolutions, the last ones large, and two dense layers: best of 772 on retina cells of 32 × 32 pixels.

    Source: AIDeveloper, whose author compared 772 networks.

    Layers: convolutions 3 × 3 with 6, 3 × 3 with 6, 5 × 5 with 36 and 7 × 7 with 36 filters, each with BN, ReLU,
    dropout 0.4, pooling before the last dropout; Dense 512 and Dense 256, each with ReLU, BN, dropout 0.4; Dense,
    softmax. Smallest image: 16 × 16. Parameters: 1 698 120 for 32 × 32 gray pixels and 2 classes.
    """
    image = keras.Input(input_shape, name="inputTensor")
    x = image
    for filters, size in ((6, 3), (6, 3), (36, 5), (36, 7)):
        x = layers.Conv2D(filters, size)(x)
        x = layers.Activation("relu")(batch_norm(x))
        if size == 7:
            x = layers.MaxPooling2D()(x)
        x = layers.Dropout(0.4)(x)
    x = layers.Flatten()(x)
    for nodes in (512, 256):
        x = batch_norm(dense(x, nodes))
        x = layers.Dropout(0.4)(x)
    return finish(image, x, n_classes)


@architecture("MhNet2_bn_do_skipcon", min_size=2)
def mhnet2_bn_do_skipcon(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Four convolutions and a perceptron side by side, with six skip connections: large, and slow on large images.

    Source: AIDeveloper, where the third convolution took, by a slip, the image again, so that the second one led
    nowhere but into its shortcuts; here it goes on from the second one. (A pooling and a dropout that were lost with
    the slip would not fit the shortcuts, which have the size of the image.)

    Layers: perceptron (BN of the image, Dense 256, ReLU). Convolutions 3 × 3 with 32 filters, padding and ReLU: the
    first (a) and the second (b); the third, add convolution 1 × 1 of a; the fourth, add convolution 1 × 1 of b;
    pooling, dropout 0.25; Dense 224, ReLU, BN, dropout 0.5; beside it 32 nodes (Dense 16 of a and of b, ReLU, BN,
    dropout 0.5); add the perceptron; 2 × (Dense 128, ReLU, BN, dropout 0.25); Dense, softmax.
    Smallest image: 2 × 2. Parameters: 3 228 134 for 32 × 32 gray pixels and 2 classes (AIDeveloper: 3 219 206).
    """
    image = keras.Input(input_shape, name="inputTensor")
    perceptron = dense(layers.Flatten()(batch_norm(image)), 256)
    first = conv(image, 32, padding="same")
    second = conv(first, 32, padding="same")
    x = conv(second, 32, padding="same")
    x = layers.Add()([x, layers.Conv2D(32, 1)(first)])
    x = conv(x, 32, padding="same")
    x = layers.Add()([x, layers.Conv2D(32, 1)(second)])
    x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.25)(x)
    x = batch_norm(dense(layers.Flatten()(x), 224))
    x = layers.Dropout(0.5)(x)
    beside = [layers.Dense(16)(layers.Flatten()(one)) for one in (first, second)]
    side = batch_norm(layers.Activation("relu")(layers.Concatenate()(beside)))
    side = layers.Dropout(0.5)(side)
    x = layers.Concatenate()([x, side])
    x = layers.Add()([x, perceptron])
    for _ in range(2):
        x = batch_norm(dense(x, 128))
        x = layers.Dropout(0.25)(x)
    return finish(image, x, n_classes)


# --- parts of the convolutional networks --------------------------------------------------------------------


def nitta_convolutions(x: keras.KerasTensor, filters: tuple[int, ...]) -> keras.KerasTensor:
    """Add, for each number of filters, two convolutions, pooling and dropout."""
    for n in filters:
        x = conv(conv(x, n), n)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(0.25)(x)
    return x


def nitta_6layer(image: keras.KerasTensor) -> keras.KerasTensor:
    """Add all of Nitta_et_al_6layer but its last layer."""
    x = nitta_convolutions(image, (32, 64))
    x = dense(layers.Flatten()(x), 256)
    return layers.Dropout(0.5)(x)


def vgg_convolutions(x: keras.KerasTensor) -> keras.KerasTensor:
    """Add the convolutions of VGG_small_1."""
    x = batch_norm(conv(x, 32))
    x = layers.MaxPooling2D()(conv(x, 32))
    x = batch_norm(conv(batch_norm(x), 64))
    return conv(x, 64)


def pooled_and_cropped(x: keras.KerasTensor) -> keras.KerasTensor:
    """Bring what has the size of the image to the size and place that four convolutions and a pooling leave."""
    x = layers.MaxPooling2D()(x)
    return layers.Cropping2D(3)(x)


def finish_vgg_bn(image: keras.KerasTensor, x: keras.KerasTensor, n_classes: int) -> keras.Model:
    """Add the last pooling and the dense layers of VGG_small_1."""
    x = layers.MaxPooling2D()(x)
    x = batch_norm(layers.Flatten()(x))
    x = batch_norm(dense(x, 256))
    x = layers.Dropout(0.5)(x)
    return finish(image, x, n_classes)


def finish_vgg(image: keras.KerasTensor, x: keras.KerasTensor, n_classes: int) -> keras.Model:
    """Add the dense layers of VGG_small_3."""
    x = dense(layers.Flatten()(x), 256)
    x = layers.Dropout(0.5)(x)
    x = batch_norm(x)
    x = dense(x, 128)
    x = layers.Dropout(0.25)(x)
    return finish(image, x, n_classes)


def inverted_residual(x: keras.KerasTensor, filters: int, stride: int) -> keras.KerasTensor:
    """Add a block of MobileNetV2: widen four times, depthwise convolution, narrow; add the input where that fits."""
    block_input = x
    x = layers.Conv2D(4 * x.shape[-1], 1, use_bias=False)(x)
    x = layers.Activation("relu")(batch_norm(x))
    x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.Activation("relu")(batch_norm(x))
    x = batch_norm(layers.Conv2D(filters, 1, use_bias=False)(x))
    return layers.Add()([x, block_input]) if x.shape == block_input.shape else x


def residual(
    input_shape: tuple[int, int, int], n_classes: int, stem: int, stages: tuple[tuple[int, int], ...]
) -> keras.Model:
    """Make a residual network: each stage (filters, blocks) halves the image, then refines it in residual blocks."""
    image = keras.Input(input_shape, name="inputTensor")
    x = residual_convolution(image, stem)
    for filters, n_blocks in stages:
        x = residual_convolution(x, filters, strides=2)
        for _ in range(n_blocks):
            refined = residual_convolution(residual_convolution(x, filters), filters)
            x = layers.Add()([x, refined])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return finish(image, x, n_classes)


def residual_convolution(x: keras.KerasTensor, filters: int, strides: int = 1) -> keras.KerasTensor:
    """Add a convolution 3 × 3 with padding, batch normalization, ReLU."""
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    return layers.Activation("relu")(batch_norm(x))


# --- pretrained networks ------------------------------------------------------------------------------------
# They begin with weights learnt from the photographs of ImageNet, see docs/pretrained.md. All take gray or rgb and the
# normalization divide_by_255; what each was trained with is part of the network, so that a saved model needs no more.
# The word weights="..." of the decorator names the network of keras.applications whose weights the layers before the
# one named "features" take.


def imagenet_input(image: keras.KerasTensor, scaling: str) -> keras.KerasTensor:
    """Make three channels of grey levels from 0 to 1, scaled as a network was trained: as Keras' `preprocess_input`."""
    if image.shape[-1] == 1:
        image = layers.Concatenate()([image, image, image])
    if image.shape[-1] != 3:
        raise ValueError(f"takes gray or rgb, got {image.shape[-1]} channels")
    if scaling == "tf":  # from -1 to 1
        return layers.Rescaling(2.0, offset=-1.0)(image)
    if scaling == "128":
        return layers.Rescaling(255 / 128, offset=-1.0)(image)
    if scaling == "torch":  # less the mean of ImageNet, over its standard deviation
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        offset = [-m / s for m, s in zip(mean, std, strict=True)]
        return layers.Rescaling([1 / s for s in std], offset=offset)(image)
    # "caffe": blue first, grey levels to 255 less the mean of ImageNet
    red, green, blue = keras.ops.split(image, 3, axis=-1)
    image = layers.Concatenate()([blue, green, red])
    return layers.Rescaling(255.0, offset=[-103.939, -116.779, -123.68])(image)


def pretrained(
    application: Callable[..., keras.Model],
    scaling: str,
    input_shape: tuple[int, int, int],
    n_classes: int,
    **options: object,
) -> keras.Model:
    """Put a head on a network of keras.applications: mean over all positions, dropout, one layer for the classes."""
    image = keras.Input(input_shape, name="inputTensor")
    x = imagenet_input(image, scaling)
    backbone = application(
        include_top=False, weights=None, input_tensor=x, input_shape=(*input_shape[:2], 3), **options
    )
    x = layers.GlobalAveragePooling2D(name="features")(backbone.output)
    x = layers.Dropout(0.2)(x)
    return finish(image, x, n_classes)


@architecture("mobilenet_v3_small", min_size=32, family="pretrained", weights="MobileNetV3Small")
def mobilenet_v3_small(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """MobileNetV3 Small: the smallest pretrained network, made for the processors of phones.

    Idea: separable convolutions with channel attention, found by architecture search. Source: Howard et al. 2019,
    "Searching for MobileNetV3".

    Layers: input scaled (-1 to 1); MobileNetV3Small of
    keras.applications; global average of 576 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 940 274 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.MobileNetV3Small, "tf", input_shape, n_classes, include_preprocessing=False)


@architecture("mobilenet_v2", min_size=32, family="pretrained", weights="MobileNetV2")
def mobilenet_v2(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """MobileNetV2: small and quick, a good first choice among the pretrained networks.

    Idea: separable convolutions in inverted residual blocks. Source: Sandler et al. 2018, "MobileNetV2: Inverted
    Residuals and Linear Bottlenecks".

    Layers: input scaled (-1 to 1); MobileNetV2 of
    keras.applications; global average of 1280 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 2 260 546 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.MobileNetV2, "tf", input_shape, n_classes)


@architecture("mobilenet_v3_large", min_size=32, family="pretrained", weights="MobileNetV3Large")
def mobilenet_v3_large(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """MobileNetV3 Large: as quick as MobileNetV2 and a little more accurate on photographs.

    Idea: separable convolutions with channel attention, found by architecture search. Source: Howard et al. 2019,
    "Searching for MobileNetV3".

    Layers: input scaled (-1 to 1); MobileNetV3Large of
    keras.applications; global average of 960 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 2 998 274 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.MobileNetV3Large, "tf", input_shape, n_classes, include_preprocessing=False)


@architecture("nasnetmobile", min_size=32, family="pretrained", weights="NASNetMobile")
def nasnetmobile(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """NASNet-A Mobile: cells of many small branches, few weights but slow to train.

    Idea: cells found by architecture search. Source: Zoph et al. 2018, "Learning Transferable Architectures for
    Scalable Image Recognition".

    Layers: input scaled (-1 to 1); NASNetMobile of
    keras.applications; global average of 1056 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 4 271 830 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.NASNetMobile, "tf", input_shape, n_classes)


@architecture("efficientnet_v2_b0", min_size=32, family="pretrained", weights="EfficientNetV2B0")
def efficientnet_v2_b0(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """EfficientNetV2 B0: accurate for its size, and quick to train.

    Idea: plain convolutions in the first blocks, separable ones with channel attention in the last. Source: Tan
    and Le 2021, "EfficientNetV2: Smaller Models and Faster Training".

    Layers: input scaled (mean and standard deviation of ImageNet); EfficientNetV2B0 of
    keras.applications; global average of 1280 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 5 921 874 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.EfficientNetV2B0, "torch", input_shape, n_classes, include_preprocessing=False)


@architecture("densenet", min_size=32, family="pretrained", weights="DenseNet121")
def densenet(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """DenseNet-121: each layer sees the output of all layers of its block before it.

    Idea: features are used again instead of being learnt again. Source: Huang et al. 2017, "Densely Connected
    Convolutional Networks".

    Layers: input scaled (mean and standard deviation of ImageNet); DenseNet121 of
    keras.applications; global average of 1024 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 7 039 554 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.DenseNet121, "torch", input_shape, n_classes)


@architecture("vgg16", min_size=32, family="pretrained", weights="VGG16")
def vgg16(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """VGG-16: a plain stack of 13 convolutions; simple, but slow and large.

    Idea: only 3 × 3 convolutions, and many of them. Source: Simonyan and Zisserman 2015, "Very Deep
    Convolutional Networks for Large-Scale Image Recognition".

    Layers: input scaled (blue first, less the mean of ImageNet); VGG16 of
    keras.applications; global average of 512 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 14 715 714 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.VGG16, "caffe", input_shape, n_classes)


@architecture("vgg19", min_size=32, family="pretrained", weights="VGG19")
def vgg19(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """VGG-19: a plain stack of 16 convolutions; simple, but slow and large.

    Idea: only 3 × 3 convolutions, and many of them. Source: Simonyan and Zisserman 2015, "Very Deep
    Convolutional Networks for Large-Scale Image Recognition".

    Layers: input scaled (blue first, less the mean of ImageNet); VGG19 of
    keras.applications; global average of 512 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 20 025 410 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.VGG19, "caffe", input_shape, n_classes)


@architecture("efficientnet_v2_s", min_size=32, family="pretrained", weights="EfficientNetV2S")
def efficientnet_v2_s(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """EfficientNetV2 S: larger than B0 and more accurate, for computers with a GPU.

    Idea: plain convolutions in the first blocks, separable ones with channel attention in the last. Source: Tan
    and Le 2021, "EfficientNetV2: Smaller Models and Faster Training".

    Layers: input scaled (-1 to nearly 1); EfficientNetV2S of
    keras.applications; global average of 1280 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 20 333 922 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.EfficientNetV2S, "128", input_shape, n_classes, include_preprocessing=False)


@architecture("xception", min_size=71, family="pretrained", weights="Xception")
def xception(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Xception: separable convolutions all the way, for images from 71 px.

    Idea: space and channels are looked at one after the other. Source: Chollet 2017, "Xception: Deep Learning with
    Depthwise Separable Convolutions".

    Layers: input scaled (-1 to 1); Xception of
    keras.applications; global average of 2048 channels, dropout 0.2, Dense, softmax.
    Smallest image: 71 × 71. Parameters: 20 865 578 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.Xception, "tf", input_shape, n_classes)


@architecture("inception_v3", min_size=75, family="pretrained", weights="InceptionV3")
def inception_v3(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Inception v3: filters of several sizes side by side, for images from 75 px.

    Idea: each block looks at several scales at once. Source: Szegedy et al. 2016, "Rethinking the Inception
    Architecture for Computer Vision".

    Layers: input scaled (-1 to 1); InceptionV3 of
    keras.applications; global average of 2048 channels, dropout 0.2, Dense, softmax.
    Smallest image: 75 × 75. Parameters: 21 806 882 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.InceptionV3, "tf", input_shape, n_classes)


@architecture("resnet50_v2", min_size=32, family="pretrained", weights="ResNet50V2")
def resnet50_v2(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """ResNet-50 v2: residual network of 50 layers, normalized before each convolution.

    Idea: each block learns what to add to its input. Source: He et al. 2016, "Identity Mappings in Deep Residual
    Networks".

    Layers: input scaled (-1 to 1); ResNet50V2 of
    keras.applications; global average of 2048 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 23 568 898 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.ResNet50V2, "tf", input_shape, n_classes)


@architecture("resnet50", min_size=32, family="pretrained", weights="ResNet50")
def resnet50(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """ResNet-50: residual network of 50 layers, the usual yardstick.

    Idea: each block learns what to add to its input. Source: He et al. 2016, "Deep Residual Learning for Image
    Recognition".

    Layers: input scaled (blue first, less the mean of ImageNet); ResNet50 of
    keras.applications; global average of 2048 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 23 591 810 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.ResNet50, "caffe", input_shape, n_classes)


@architecture("convnext_tiny", min_size=32, family="pretrained", weights="ConvNeXtTiny")
def convnext_tiny(input_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """ConvNeXt Tiny: a modern convolutional network of large filters, for computers with a GPU.

    Idea: a residual network with the proportions of a vision transformer. Source: Liu et al. 2022, "A ConvNet for
    the 2020s".

    Layers: input scaled (mean and standard deviation of ImageNet); ConvNeXtTiny of
    keras.applications; global average of 768 channels, dropout 0.2, Dense, softmax.
    Smallest image: 32 × 32. Parameters: 27 821 666 for images of any size and 2 classes.
    """
    return pretrained(keras.applications.ConvNeXtTiny, "torch", input_shape, n_classes, include_preprocessing=False)


# --- Networks of image and features -------------------------------------------------------------------------
# Features are numbers that are known of each image, such as deform and area_um in .rtdc files; they are chosen with the
# image settings and come standardized (mean 0, standard deviation 1 over the training images).


def image_and_features(input_shape: tuple[int, int, int], n_features: int) -> list[keras.KerasTensor]:
    """Return the two inputs of a network of the family multi_input: the image, and its standardized features."""
    return [keras.Input(input_shape, name="inputTensor"), keras.Input((n_features,), name="features")]


def mlp_multi_in(
    input_shape: tuple[int, int, int], n_classes: int, n_features: int, nodes: tuple[int, ...]
) -> keras.Model:
    """Multilayer perceptron that sees the features beside the pixels, as if they were further pixels."""
    image, features = inputs = image_and_features(input_shape, n_features)
    x = layers.Concatenate()([layers.Flatten()(image), features])
    for n in nodes:
        x = dense(x, n)
    return finish(inputs, x, n_classes)


@architecture("MLP_MultiIn_3Lay_24", min_size=1, family="multi_input")
def mlp_multi_in_3lay_24(input_shape: tuple[int, int, int], n_classes: int, n_features: int) -> keras.Model:
    """Perceptron with hidden layers of 24, 16 and 24 nodes for the image and features of it.

    Idea: what was measured of the object, such as its size or deformation, need not be found in the pixels again.
    Source: AIDeveloper, where only the last hidden layer had ReLU, so that the others added nothing; here all have.

    Layers: Flatten, joined by the features; Dense 24, 16, 24 with ReLU each, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 25 506 for 32 × 32 gray pixels, 2 features and 2 classes.
    """
    return mlp_multi_in(input_shape, n_classes, n_features, (24, 16, 24))


@architecture("MLP_MultiIn_3Lay_64", min_size=1, family="multi_input")
def mlp_multi_in_3lay_64(input_shape: tuple[int, int, int], n_classes: int, n_features: int) -> keras.Model:
    """Perceptron with hidden layers of 64, 80 and 32 nodes for the image and features of it.

    Source: AIDeveloper, where only the last hidden layer had ReLU; here all have.

    Layers: Flatten, joined by the features; Dense 64, 80, 32 with ReLU each, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 73 586 for 32 × 32 gray pixels, 2 features and 2 classes.
    """
    return mlp_multi_in(input_shape, n_classes, n_features, (64, 80, 32))


@architecture("MLP_MultiIn_4Lay_72", min_size=1, family="multi_input")
def mlp_multi_in_4lay_72(input_shape: tuple[int, int, int], n_classes: int, n_features: int) -> keras.Model:
    """Perceptron with hidden layers of 72, 48, 24 and 32 nodes for the image and features of it.

    Source: AIDeveloper, where only the last hidden layer had ReLU; here all have.

    Layers: Flatten, joined by the features; Dense 72, 48, 24, 32 with ReLU each, Dense, softmax.
    Smallest image: 1 × 1. Parameters: 79 490 for 32 × 32 gray pixels, 2 features and 2 classes.
    """
    return mlp_multi_in(input_shape, n_classes, n_features, (72, 48, 24, 32))


@architecture("Nitta6l_MultiIn", min_size=16, family="multi_input")
def nitta6l_multi_in(input_shape: tuple[int, int, int], n_classes: int, n_features: int) -> keras.Model:
    """Four convolutions and two dense layers with dropout, to which the features come before the dense ones.

    Idea: convolutions find what the image shows, the dense layers weigh it against what was measured. Source: Nitta
    et al. 2018, "Intelligent image-activated cell sorting", as in AIDeveloper.

    Layers: 2 × (convolution 3 × 3 with 32 filters, ReLU), pooling, dropout 0.25; the same with 64 filters; Flatten,
    joined by the features; Dense 256, ReLU, dropout 0.5; Dense, softmax.
    Smallest image: 16 × 16. Parameters: 475 874 for 32 × 32 gray pixels, 2 features and 2 classes.
    """
    image, features = inputs = image_and_features(input_shape, n_features)
    x = image
    for filters in (32, 64):
        for _ in range(2):
            x = conv(x, filters)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(0.25)(x)
    x = layers.Concatenate()([layers.Flatten()(x), features])
    x = dense(x, 256)
    x = layers.Dropout(0.5)(x)
    return finish(inputs, x, n_classes)
