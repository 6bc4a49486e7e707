"""Golden values of CLIP's loss, from PyTorch in float64: the loss as in figure 3 of Radford et al. 2021, and its gradient.

Run with a Python that has torch (1.13 or later): python3 contrastive.py. Writes contrastive.json beside itself.
"""

import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

similarity = (3 * torch.randn(5, 5)).requires_grad_()
labels = torch.arange(5)
loss = (F.cross_entropy(similarity, labels) + F.cross_entropy(similarity.T, labels)) / 2
(gradient,) = torch.autograd.grad(loss, similarity)

# Rows 1 and 3 have the same caption: cross-entropy with probabilities as targets.
same = torch.eye(5)
same[1, 3] = same[3, 1] = 1
target = same / same.sum(1, keepdim=True)
shared = (F.cross_entropy(similarity, target) + F.cross_entropy(similarity.T, target)) / 2
(shared_gradient,) = torch.autograd.grad(shared, similarity)


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


result = {
    "similarity": numbers(similarity),
    "distinct": {"loss": loss.item(), "gradient": numbers(gradient)},
    "shared": {"same": numbers(same), "loss": shared.item(), "gradient": numbers(shared_gradient)},
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "contrastive.json"), "w") as file:
    json.dump(result, file, indent=1)
    file.write("\n")
