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
"""

from collections.abc import Callable

import keras
from keras import layers

from aid_desktop.models.registry import architecture


def finish(image: keras.KerasTensor | list[keras.KerasTensor], x: keras.KerasTensor, n_classes: int) -> keras.Model:
    """Add the last layer, one probability for each class, and make the model from `image`, or all inputs, to it."""
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


# --- Pretrained networks ------------------------------------------------------------------------------------
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
        x = layers.Dense(n)(x)
        x = layers.Activation("relu")(x)
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
            x = layers.Conv2D(filters, 3)(x)
            x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(0.25)(x)
    x = layers.Concatenate()([layers.Flatten()(x), features])
    x = layers.Dense(256)(x)
    x = layers.Activation("relu")(x)
    x = layers.Dropout(0.5)(x)
    return finish(inputs, x, n_classes)
