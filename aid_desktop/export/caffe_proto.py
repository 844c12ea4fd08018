"""The part of Caffe's file format that our networks need, declared at run time.

Source: src/caffe/proto/caffe.proto of BVLC Caffe 1.0. Programs written with the whole declaration read such files.
"""

from functools import lru_cache
from typing import Any

_PACKAGE = "aid_desktop_caffe"
# Of each message: name of a field -> (number, type); a capital letter is a message, "*" at the end: repeated,
# "#" at the end: repeated and packed.
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "BlobShape": {"dim": (1, "int64#")},
    "BlobProto": {"data": (5, "float#"), "shape": (7, "BlobShape")},
    "InputParameter": {"shape": (1, "BlobShape*")},
    "ConvolutionParameter": {
        "num_output": (1, "uint32"),
        "bias_term": (2, "bool"),
        "group": (5, "uint32"),
        "dilation": (18, "uint32*"),
        "pad_h": (9, "uint32"),
        "pad_w": (10, "uint32"),
        "kernel_h": (11, "uint32"),
        "kernel_w": (12, "uint32"),
        "stride_h": (13, "uint32"),
        "stride_w": (14, "uint32"),
    },
    "InnerProductParameter": {"num_output": (1, "uint32"), "bias_term": (2, "bool")},
    # `pool` is an enumeration: 0 maximum, 1 average. So is `operation`: 0 product, 1 sum, 2 maximum.
    "PoolingParameter": {
        "pool": (1, "PoolMethod"),
        "pad_h": (9, "uint32"),
        "pad_w": (10, "uint32"),
        "kernel_h": (5, "uint32"),
        "kernel_w": (6, "uint32"),
        "stride_h": (7, "uint32"),
        "stride_w": (8, "uint32"),
        "global_pooling": (12, "bool"),
    },
    "EltwiseParameter": {"operation": (1, "EltwiseOp"), "coeff": (2, "float*")},
    "ReLUParameter": {"negative_slope": (1, "float")},
    "ELUParameter": {"alpha": (1, "float")},
    "SoftmaxParameter": {"axis": (2, "int32")},
    "ScaleParameter": {"axis": (1, "int32"), "bias_term": (4, "bool")},
    "ConcatParameter": {"axis": (2, "int32")},
    "SliceParameter": {"axis": (3, "int32"), "slice_point": (2, "uint32*")},
    "PowerParameter": {"power": (1, "float"), "scale": (2, "float"), "shift": (3, "float")},
    "LayerParameter": {
        "name": (1, "string"),
        "type": (2, "string"),
        "bottom": (3, "string*"),
        "top": (4, "string*"),
        "blobs": (7, "BlobProto*"),
        "concat_param": (104, "ConcatParameter"),
        "convolution_param": (106, "ConvolutionParameter"),
        "eltwise_param": (110, "EltwiseParameter"),
        "inner_product_param": (117, "InnerProductParameter"),
        "pooling_param": (121, "PoolingParameter"),
        "power_param": (122, "PowerParameter"),
        "relu_param": (123, "ReLUParameter"),
        "softmax_param": (125, "SoftmaxParameter"),
        "slice_param": (126, "SliceParameter"),
        "elu_param": (140, "ELUParameter"),
        "scale_param": (142, "ScaleParameter"),
        "input_param": (143, "InputParameter"),
    },
    "NetParameter": {"name": (1, "string"), "layer": (100, "LayerParameter*")},
}
_ENUMS = {"PoolMethod": ("MAX", "AVE"), "EltwiseOp": ("PROD", "SUM", "MAX")}


@lru_cache(maxsize=1)
def net_parameter() -> Any:
    """Return the class of the message NetParameter."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="aid_desktop_caffe.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            plain = kind.rstrip("*#")
            one = message.field.add(name=field_name, number=number)
            one.label = field.LABEL_OPTIONAL if plain == kind else field.LABEL_REPEATED
            if plain in _ENUMS:
                one.type, one.type_name = field.TYPE_ENUM, f".{_PACKAGE}.{name}.{plain}"
                enum = message.enum_type.add(name=plain)
                for value, word in enumerate(_ENUMS[plain]):
                    enum.value.add(name=word, number=value)
            elif plain in _MESSAGES:
                one.type, one.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{plain}"
            else:
                one.type = getattr(field, f"TYPE_{plain.upper()}")
            if kind.endswith("#"):
                one.options.packed = True
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.NetParameter"))
