"""nanoGPT's Shakespeare setting for a CPU in eager PyTorch, to be timed beside Descent's run of the same setting.

Pre-norm decoder without biases, learned positions, exact GELU, head tied to the embedding (Radford et al. 2019), AdamW
with cosine decay. The configuration comes as JSON in the first argument; the answer is one line of JSON.
"""

import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.layer_norm(x, self.gain.shape, self.gain, None, 1e-5)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = Norm(width), Norm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.project = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, x, mask):
        batch, steps, width = x.shape
        split = lambda t: t.view(batch, steps, self.heads, width // self.heads).transpose(1, 2)
        query, key, value = (split(t) for t in self.qkv(self.norm1(x)).split(width, dim=2))
        scores = (query @ key.transpose(-2, -1)) / math.sqrt(width // self.heads)
        weights = scores.masked_fill(mask, float("-inf")).softmax(dim=-1)
        x = x + self.project((weights @ value).transpose(1, 2).reshape(batch, steps, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    def __init__(self, vocabulary, context, width, layers, heads):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = Norm(width)
        self.register_buffer("mask", torch.ones(context, context, dtype=torch.bool).triu(1))
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
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
    steps, peak, context, batch = config["steps"], config["learningRate"], 64, 12
    torch.set_num_threads(config["threads"])
    torch.manual_seed(1337)
    with open(config["path"], encoding="utf-8", newline="") as file:
        text = file.read()
    ids = {character: index for index, character in enumerate(sorted(set(text)))}
    data = torch.tensor([ids[character] for character in text])
    cut = int(0.9 * len(data))
    train, held_out = data[:cut], data[cut:]
    model = GPT(len(ids), context, 128, 4, 4)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.99), eps=1e-8)

    @torch.no_grad()
    def evaluate():
        windows = (len(held_out) - 1) // context
        x = held_out[: windows * context].view(windows, context)
        y = held_out[1 : windows * context + 1].view(windows, context)
        parts = [(model(x[i : i + batch], y[i : i + batch]).item(), len(x[i : i + batch])) for i in range(0, windows, batch)]
        return sum(loss * rows for loss, rows in parts) / windows

    started = time.perf_counter()
    loss = None
    for step in range(steps):
        warm = min(1.0, (step + 1) / 101)
        decayed = 0.5 * (1 + math.cos(math.pi * max(0, step - 100) / max(1, steps - 100)))
        for group in optimizer.param_groups:
            group["lr"] = peak * warm * (0.1 + 0.9 * decayed)
        starts = torch.randint(len(train) - context, (batch,))
        x = torch.stack([train[i : i + context] for i in starts])
        y = torch.stack([train[i + 1 : i + context + 1] for i in starts])
        optimizer.zero_grad(set_to_none=True)
        model(x, y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if config["evaluate"] and (step + 1) % (steps // 4) == 0:
            loss = evaluate()
    seconds = time.perf_counter() - started
    print(json.dumps({"version": torch.__version__, "validationLoss": loss, "seconds": seconds}))


main()
