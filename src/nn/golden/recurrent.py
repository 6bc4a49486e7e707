"""Golden values of recurrent.test.ts: torch.nn.LSTM in float64, two side by side, and the gradients of a weighted sum.

Run with a Python that has torch (1.13 or later): python3 recurrent.py. Writes recurrent.json beside itself.
"""

import json
import os

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
BATCH, TIME, INPUTS, UNITS = 2, 4, 3, 2


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


x = torch.randn(2, BATCH, TIME, INPUTS, requires_grad=True)
weight = torch.randn(2, BATCH, TIME, UNITS)
cells = [torch.nn.LSTM(INPUTS, UNITS, batch_first=True) for _ in range(2)]
out = torch.stack([cell(x[way])[0] for way, cell in enumerate(cells)])
(out * weight).sum().backward()


def both(read):
    return numbers(torch.stack([read(cell) for cell in cells]))


result = {
    "x": numbers(x),
    "weight": numbers(weight),
    # Ours are [inputs, gates], and one bias stands for PyTorch's two.
    "input": both(lambda c: c.weight_ih_l0.T),
    "state": both(lambda c: c.weight_hh_l0.T),
    "bias": both(lambda c: c.bias_ih_l0 + c.bias_hh_l0),
    "out": numbers(out),
    "gradients": {
        "x": numbers(x.grad),
        "input": both(lambda c: c.weight_ih_l0.grad.T),
        "state": both(lambda c: c.weight_hh_l0.grad.T),
        "bias": both(lambda c: c.bias_ih_l0.grad),
    },
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "recurrent.json"), "w") as file:
    json.dump(result, file, indent=1)
    file.write("\n")
