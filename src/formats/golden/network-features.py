"""Golden values of network-features.test.ts: the same network in PyTorch, in float64.

Run: python3 network-features.py <folder with centernet.json.gz and centernet.bin> > network-features.json
"""

import base64
import gzip
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
folder = sys.argv[1]
model = json.loads(gzip.open(f"{folder}/centernet.json.gz").read())
nodes = {node["name"]: node for node in model["modelTopology"]["node"]}

raw, weights, at = open(f"{folder}/centernet.bin", "rb").read(), {}, 0
for spec in model["weightsManifest"][0]["weights"]:
    kind = np.float16 if "quantization" in spec else np.dtype(spec["dtype"])
    count = int(np.prod(spec["shape"], dtype=int))
    weights[spec["name"]] = torch.tensor(np.frombuffer(raw, kind, count, at).astype(np.float64).reshape(spec["shape"]))
    at += count * np.dtype(kind).itemsize
assert at == len(raw)


def same(x, kernel, stride):
    """TensorFlow's padding: as little as gives ceil(length / stride), the larger half behind."""
    pads = []
    for length, k in ((x.shape[3], kernel.shape[3]), (x.shape[2], kernel.shape[2])):
        total = max((-(-length // stride) - 1) * stride + k - length, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def value(name, images, known):
    if name in known:
        return known[name]
    node = nodes[name]
    if name in weights:
        result = weights[name]
    elif node["op"] == "Placeholder":
        result = images
    else:
        args = [value(i, images, known) for i in node["input"]]
        if node["op"] == "Add":
            result = args[0] + args[1]
        elif node["op"] == "Mul":
            result = args[0] * args[1]
        elif node["op"] == "Relu6":
            result = args[0].clamp(0, 6)
        elif node["op"] == "Mean":
            assert args[1].tolist() == [1, 2]
            result = args[0].mean((2, 3), keepdim=True)
        else:
            depthwise = node["op"] == "FusedDepthwiseConv2dNative"
            kernel = args[1].permute(2, 3, 0, 1) if depthwise else args[1].permute(3, 2, 0, 1)
            stride = int(node["attr"]["strides"]["list"]["i"][1])
            groups = kernel.shape[0] if depthwise else 1
            result = F.conv2d(same(args[0], kernel, stride), kernel, args[2], stride, groups=groups)
            if "Relu" in [base64.b64decode(s).decode() for s in node["attr"]["fused_ops"]["list"]["s"]]:
                result = result.relu()
    known[name] = result
    return result


def picture(channels, height, width):
    """Reproducible pixels: smooth waves, different in each channel."""
    c, y, x = np.ogrid[:channels, :height, :width]
    waves = np.sin(y * 0.35 + c) * np.cos(x * 0.21 - c * 2) + np.sin((x + 2 * y) * 0.05)
    return torch.tensor(np.round(127.5 + 60 * waves))[None]


cases = []
for shape in [(3, 128, 128), (1, 28, 28), (3, 200, 150)]:
    images = picture(*shape).expand(1, 3, *shape[1:])
    sized = F.interpolate(images, (128, 128), mode="bilinear", align_corners=False, antialias=True)
    found = value("tower_0/extern1/BatchNorm/FusedBatchNorm", sized, {}).mean((2, 3))[0]
    cases.append(dict(shape=shape, features=[round(v, 5) for v in found.tolist()]))
print(json.dumps(cases))
