"""Golden values of word2vec.test.ts: skip-gram with negative sampling in PyTorch, float64, and its gradient.

Run with a Python that has torch (1.13 or later): python3 word2vec.py. Writes word2vec.json beside itself.
"""

import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
VOCABULARY, WIDTH, PAIRS, NEGATIVES = 7, 3, 5, 2


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


tokens = torch.randn(VOCABULARY, WIDTH, requires_grad=True)
neighbours = torch.randn(VOCABULARY, WIDTH, requires_grad=True)
centre = torch.randint(VOCABULARY, (PAIRS,))
near = torch.randint(VOCABULARY, (PAIRS,))
far = torch.randint(VOCABULARY, (PAIRS, NEGATIVES))
u = tokens[centre]
positive = F.logsigmoid((u * neighbours[near]).sum(-1))
negative = F.logsigmoid(-torch.bmm(neighbours[far], u.unsqueeze(-1)).squeeze(-1)).sum(-1)
loss = -(positive + negative).mean()
loss.backward()

result = {
    "tokens": numbers(tokens),
    "neighbours": numbers(neighbours),
    "centres": centre.tolist(),
    "near": near.tolist(),
    "negatives": far.flatten().tolist(),
    "loss": loss.item(),
    "gradients": {"tokens": numbers(tokens.grad), "neighbours": numbers(neighbours.grad)},
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "word2vec.json"), "w") as file:
    json.dump(result, file, indent=1)
    file.write("\n")
