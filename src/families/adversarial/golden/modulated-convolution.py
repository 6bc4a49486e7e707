"""StyleGAN2's convolution with explicit weights for each image (Karras et al. 2020, equations 1 and 3), from PyTorch in
float64, with the gradients of a weighted sum of the result. Writes modulated-convolution.json beside itself.
"""

import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def rand(*shape):
    return torch.round((torch.rand(shape) * 2 - 1) * 64) / 64


inputs = {"x": rand(2, 3, 4, 5), "weight": rand(2, 3, 3, 3), "style": rand(2, 3) + 1}
inputs = {name: value.requires_grad_() for name, value in inputs.items()}
upstream = rand(2, 2, 4, 5)
up = rand(3, 2, 4, 4)


def result(demodulated):
    images = []
    for x, style in zip(inputs["x"], inputs["style"]):
        weight = inputs["weight"] * style[None, :, None, None]
        if demodulated:
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        images.append(F.conv2d(x[None], weight, padding=1))
    y = torch.cat(images)
    grads = torch.autograd.grad((y * upstream).sum(), list(inputs.values()))
    return {"y": y.flatten().tolist(), "gradients": {n: g.flatten().tolist() for n, g in zip(inputs, grads)}}


def enlarged():
    """Each pixel of the result is reached by four of the sixteen numbers of a kernel, so lengths are half as great."""
    images = []
    for x, style in zip(inputs["x"], inputs["style"]):
        weight = up * style[:, None, None, None]
        weight = weight / (weight.square().sum((0, 2, 3), keepdim=True) / 4 + 1e-8).sqrt()
        images.append(F.conv_transpose2d(x[None], weight, stride=2, padding=1))
    return {"y": torch.cat(images).flatten().tolist()}


golden = {
    "inputs": {
        name: {"shape": list(value.shape), "data": value.flatten().tolist()}
        for name, value in {**inputs, "upstream": upstream, "up": up}.items()
    },
    "demodulated": result(True),
    "plain": result(False),
    "enlarged": enlarged(),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "modulated-convolution.json"), "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
