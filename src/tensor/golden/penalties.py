"""Gradients of gradients of a small convolutional critic, from PyTorch in float64: the penalties of WGAN-GP (Gulrajani
et al. 2017) and R1 (Mescheder et al. 2018), with their gradients for every weight. Writes penalties.json beside itself.
"""

import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def rand(*shape):
    return torch.round((torch.rand(shape) * 2 - 1) * 64) / 64


weights = {
    "first": rand(4, 2, 3, 3),
    "scale": rand(4) + 1,
    "bias": rand(4),
    "second": rand(3, 2, 2, 2),
    "head": rand(12, 1),
}
weights = {name: w.requires_grad_() for name, w in weights.items()}
real, fake, mix = rand(3, 2, 8, 8), rand(3, 2, 8, 8), (rand(3, 1, 1, 1) + 1) / 2


def critic(x):
    h = F.conv2d(x, weights["first"], stride=2, padding=1)
    h = F.leaky_relu(F.group_norm(h, 2, weights["scale"], weights["bias"], 1e-5), 0.2)
    h = F.avg_pool2d(h, 2)
    h = F.silu(F.conv2d(F.pad(h, (1, 0, 1, 0)), weights["second"].repeat(1, 2, 1, 1)))
    return (h.reshape(3, -1) @ weights["head"])[:, 0]


def slopes(x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0].reshape(3, -1)


def result(penalty):
    grads = torch.autograd.grad(penalty, list(weights.values()), allow_unused=True)
    flat = {n: (torch.zeros_like(w) if g is None else g).flatten().tolist() for (n, w), g in zip(weights.items(), grads)}
    return {"value": penalty.item(), "gradients": flat}


gradient_penalty = 10 * ((slopes(mix * real + (1 - mix) * fake).norm(dim=1) - 1) ** 2).mean()
r1 = 0.5 * 2.5 * (slopes(real) ** 2).sum(1).mean()
loss = critic(fake).mean() - critic(real).mean()
golden = {
    "inputs": {
        **{f"weights.{n}": {"shape": list(w.shape), "data": w.flatten().tolist()} for n, w in weights.items()},
        **{n: {"shape": list(x.shape), "data": x.flatten().tolist()} for n, x in (("real", real), ("fake", fake), ("mix", mix))},
    },
    "gradientPenalty": result(loss + gradient_penalty),
    "r1": result(r1),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "penalties.json"), "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
