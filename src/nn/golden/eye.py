"""Golden values of an eye, from PyTorch in float64: parts of images joined two by two, normalised, through two layers, put
in place of the embeddings of placeholder tokens; and the gradients of a weighted sum of what comes out.

Run with a Python that has torch (1.13 or later): python3 eye.py. Writes eye.json beside itself.
"""

import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

images, parts, size, joined, width = 2, 4, 3, 2, 5
placeholder = 9
tokens = torch.tensor([[1, 9, 9, 2, 3], [9, 9, 4, 0, 0]])

values = torch.randint(0, 9, (images, parts, size)).to(torch.float64)
embedded = torch.randn(2, 5, width)
scale = (1 + 0.3 * torch.randn(joined * size)).requires_grad_()
bias = (0.3 * torch.randn(joined * size)).requires_grad_()
first = torch.randn(joined * size, width).requires_grad_()
first_bias = torch.randn(width).requires_grad_()
second = torch.randn(width, width).requires_grad_()
second_bias = torch.randn(width).requires_grad_()

x = values.reshape(images * parts // joined, joined * size)
x = F.layer_norm(x, (joined * size,), scale, bias, 1e-5)
x = F.gelu(x @ first + first_bias, approximate="tanh") @ second + second_bias
result = embedded.clone()
result[tokens == placeholder] = x
weights = torch.cos(torch.arange(result.numel(), dtype=torch.float64)).reshape(result.shape)
names = ["norm.scale", "norm.bias", "first.weight", "first.bias", "second.weight", "second.bias"]
leaves = [scale, bias, first, first_bias, second, second_bias]
gradients = torch.autograd.grad((result * weights).sum(), leaves)


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


golden = {
    "values": numbers(values),
    "tokens": tokens.flatten().tolist(),
    "embedded": numbers(embedded),
    "parameters": dict(zip(names, map(numbers, leaves))),
    "result": numbers(result),
    "gradients": dict(zip(names, map(numbers, gradients))),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "eye.json"), "w") as file:
    json.dump(golden, file, indent=1)
    file.write("\n")
