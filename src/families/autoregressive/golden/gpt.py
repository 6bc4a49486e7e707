"""Golden values of gpt.test.ts: the same transformers in PyTorch, in float64. Run: python3 gpt.py > gpt.json"""

import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

BASE = dict(vocabularySize=31, contextLength=12, layers=2, heads=4, keyValueHeads=4, width=16, hiddenWidth=64,
            normalisation="layer", normPosition="pre", normEpsilon=1e-5, activation="gelu", positions="learned",
            rotaryBase=10000, bias=True, tiedHead=True, bandedWindow=0)
CONFIGS = {
    "gpt1": dict(BASE, normPosition="post"),
    "gpt2": BASE,
    "gpt3": dict(BASE, bandedWindow=3),
    "modern": dict(BASE, normalisation="rms", activation="swiglu", positions="rotary", bias=False, tiedHead=False,
                   keyValueHeads=2, hiddenWidth=64),
}
OPTIMIZER = dict(learningRate=1e-2, beta1=0.9, beta2=0.95, epsilon=1e-6, weightDecay=0.1)
BATCH, TIME, STEPS = 3, 12, 10


def number(leaf, index):
    """A reproducible number in [-0.5, 0.5) for element `index` of the leaf with number `leaf`."""
    return ((index * 7919 + leaf * 104729 + (index * index) % 1009 * 131) % 2003) / 2003 - 0.5


def shapes(c):
    """Paths and shapes in the order of the model's parameter tree."""
    w, h, v = c["width"], c["hiddenWidth"], c["vocabularySize"]
    kv = w // c["heads"] * c["keyValueHeads"]

    def linear(path, a, b):
        yield f"{path}.weight", (a, b)
        if c["bias"]:
            yield f"{path}.bias", (b,)

    def norm(path):
        yield f"{path}.scale", (w,)
        if c["bias"] and c["normalisation"] == "layer":
            yield f"{path}.bias", (w,)

    yield "tokens.weight", (v, w)
    if c["positions"] == "learned":
        yield "positions.weight", (c["contextLength"], w)
    for i in range(c["layers"]):
        b = f"blocks.{i}"
        yield from norm(f"{b}.attentionNorm")
        yield from linear(f"{b}.query", w, w)
        yield from linear(f"{b}.key", w, kv)
        yield from linear(f"{b}.value", w, kv)
        yield from linear(f"{b}.projection", w, w)
        yield from norm(f"{b}.feedForwardNorm")
        if c["activation"] == "swiglu":
            yield from linear(f"{b}.gate", w, h)
        yield from linear(f"{b}.up", w, h)
        yield from linear(f"{b}.down", h, w)
    if c["normPosition"] == "pre":
        yield from norm("finalNorm")
    if not c["tiedHead"]:
        yield "head.weight", (w, v)


def weights(c):
    values = {}
    for leaf, (path, shape) in enumerate(shapes(c)):
        size = math.prod(shape)
        flat = torch.tensor([number(leaf, i) for i in range(size)])
        if path.endswith(".scale"):
            flat = 1 + 0.2 * flat
        values[path] = flat.float().double().reshape(shape)  # as exact as float32 has it
    return values


def forward(c, p, tokens):
    time, heads, d = tokens.shape[1], c["heads"], c["width"] // c["heads"]

    def norm(path, x):
        if c["normalisation"] == "rms":
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c["normEpsilon"]) * p[f"{path}.scale"]
        return F.layer_norm(x, (c["width"],), p[f"{path}.scale"], p.get(f"{path}.bias"), c["normEpsilon"])

    def linear(path, x):
        y = x @ p[f"{path}.weight"]
        return y + p[f"{path}.bias"] if f"{path}.bias" in p else y

    def gelu(x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    def rotate(x):
        half = d // 2
        angles = torch.arange(time)[:, None] * c["rotaryBase"] ** (-torch.arange(half) / half)
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)

    def attention(path, x, layer):
        def split(y, n):
            return y.reshape(y.shape[0], time, n, d).transpose(1, 2)

        q = split(linear(f"{path}.query", x), heads)
        k = split(linear(f"{path}.key", x), c["keyValueHeads"])
        v = split(linear(f"{path}.value", x), c["keyValueHeads"])
        if c["positions"] == "rotary":
            q, k = rotate(q), rotate(k)
        k, v = (y.repeat_interleave(heads // c["keyValueHeads"], dim=1) for y in (k, v))
        seen = torch.ones(time, time).tril().bool()
        if c["bandedWindow"] and layer % 2 == 1:
            seen = seen & torch.ones(time, time).triu(1 - c["bandedWindow"]).bool()
        scores = (q @ k.transpose(-1, -2) / math.sqrt(d)).masked_fill(~seen, -math.inf)
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
        return linear(f"{path}.projection", y)

    def feed(path, x):
        up = linear(f"{path}.up", x)
        hidden = F.silu(linear(f"{path}.gate", x)) * up if c["activation"] == "swiglu" else gelu(up)
        return linear(f"{path}.down", hidden)

    x = p["tokens.weight"][tokens]
    if "positions.weight" in p:
        x = x + p["positions.weight"][:time]
    for i in range(c["layers"]):
        b = f"blocks.{i}"
        for name, fn in (("attentionNorm", lambda y: attention(b, y, i)), ("feedForwardNorm", lambda y: feed(b, y))):
            if c["normPosition"] == "pre":
                x = x + fn(norm(f"{b}.{name}", x))
            else:
                x = norm(f"{b}.{name}", x + fn(x))
    if c["normPosition"] == "pre":
        x = norm("finalNorm", x)
    return x @ (p["tokens.weight"].T if c["tiedHead"] else p["head.weight"])


def batch(c, step):
    data = [[(row * 53 + t * t * 7 + t * (row + 3) + step * 17) % c["vocabularySize"] for t in range(TIME + 1)]
            for row in range(BATCH)]
    tokens = torch.tensor(data)
    return tokens[:, :-1], tokens[:, 1:]


def summary(tensor):
    """Three sums that see every element, and some elements themselves."""
    flat = tensor.detach().reshape(-1)
    index = torch.arange(len(flat))
    return {
        "norm": round_(flat.norm()),
        "sum": round_(flat.sum()),
        "weighted": round_((flat * torch.cos(index.double())).sum()),
        "samples": [round_(x) for x in flat[:: max(1, len(flat) // 6)][:6]],
    }


def round_(x):
    return float(f"{float(x):.9g}")


def golden(c):
    p = {path: value.requires_grad_() for path, value in weights(c).items()}
    loss_of = lambda x, y: F.cross_entropy(forward(c, p, x).reshape(-1, c["vocabularySize"]), y.reshape(-1))
    inputs, targets = batch(c, 0)
    result = {"config": c, "parameters": {path: list(value.shape) for path, value in p.items()}}
    result["logits"] = summary(forward(c, p, inputs))
    result["lastLogits"] = [round_(x) for x in forward(c, p, inputs)[0, -1]]
    loss_of(inputs, targets).backward()
    result["gradients"] = {path: summary(value.grad) for path, value in p.items()}
    groups = [{"params": [v for v in p.values() if v.dim() >= 2], "weight_decay": OPTIMIZER["weightDecay"]},
              {"params": [v for v in p.values() if v.dim() < 2], "weight_decay": 0.0}]
    adam = torch.optim.AdamW(groups, lr=OPTIMIZER["learningRate"], betas=(OPTIMIZER["beta1"], OPTIMIZER["beta2"]),
                             eps=OPTIMIZER["epsilon"])
    losses, norms = [], []
    for step in range(STEPS):
        loss = loss_of(*batch(c, step))
        adam.zero_grad()
        loss.backward()
        norms.append(round_(torch.nn.utils.clip_grad_norm_(p.values(), 1.0)))
        adam.step()
        losses.append(round_(loss))
    return {**result, "losses": losses, "gradientNorms": norms,
            "weights": {path: summary(value) for path, value in p.items()}}


models = {name: golden(config) for name, config in CONFIGS.items()}
print(json.dumps({"torch": torch.__version__, "optimizer": OPTIMIZER, "batch": BATCH, "time": TIME, "models": models}))
