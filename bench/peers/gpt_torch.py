"""A GPT training step in eager PyTorch, to be measured beside Descent's.

Pre-norm decoder with learned positions, biases, GELU (tanh form) and a head tied to the embedding, after
Radford et al. (2019). The configuration comes as JSON in the first argument; the rest is as in torch_steps.py.
"""

import json
import math
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

from torch_steps import serve_steps


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x, mask):
        batch, time_, width = x.shape
        split = lambda t: t.view(batch, time_, self.heads, width // self.heads).transpose(1, 2)
        query, key, value = (split(t) for t in self.qkv(self.norm1(x)).split(width, dim=2))
        scores = (query @ key.transpose(-2, -1)) * (1.0 / math.sqrt(width // self.heads))
        weights = scores.masked_fill(mask, float("-inf")).softmax(dim=-1)
        mixed = (weights @ value).transpose(1, 2).reshape(batch, time_, width)
        x = x + self.project(mixed)
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class GPT(nn.Module):
    def __init__(self, vocab, context, width, layers, heads):
        super().__init__()
        self.tokens = nn.Embedding(vocab, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.register_buffer("mask", torch.ones(context, context, dtype=torch.bool).triu(1))
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.dim() > 1:
                residual = name.endswith(("project.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * layers) if residual else 0.02)

    def forward(self, inputs, targets):
        x = self.tokens(inputs) + self.positions.weight
        for block in self.blocks:
            x = block(x, self.mask)
        logits = self.norm(x) @ self.tokens.weight.t()
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))


def main():
    config = json.loads(sys.argv[1])
    torch.set_num_threads(config["threads"])
    torch.manual_seed(1)
    model = GPT(config["vocab"], config["context"], config["width"], config["layers"], config["heads"])
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=config["learningRate"], betas=(0.9, 0.95), eps=1e-8)
    batch = torch.tensor(config["tokens"]).view(config["batch"], config["context"] + 1)
    inputs, targets = batch[:, :-1].contiguous(), batch[:, 1:].contiguous()
    serve_steps(model, [optimizer], lambda: [model(inputs, targets)])


main()
