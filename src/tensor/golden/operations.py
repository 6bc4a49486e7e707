"""Golden values of every operation, from PyTorch in float64: the result, and the gradients for a random cotangent.

Run with a Python that has torch (1.13 or later): python3 operations.py. Writes operations.json beside itself. The same
names stand in golden-cases.test-helper.ts, with the same computation in the tensor language.
"""

import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
cases = {}


def sig(x):
    """Nine significant digits."""
    return [float(f"{v:.9g}") if v == v and abs(v) != float("inf") else str(v) for v in x.detach().double().flatten().tolist()]


def spec(x):
    kind = {torch.int32: "int32", torch.int64: "int32", torch.bool: "bool"}.get(x.dtype, "float32")
    return {"shape": list(x.shape), "dtype": kind, "data": [v if kind == "float32" else int(v) for v in x.flatten().tolist()]}


def case(name, fn, *inputs):
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    y = fn(*leaves)
    entry = {"inputs": [spec(x) for x in inputs], "output": {"shape": list(y.shape), "data": sig(y)}}
    if y.requires_grad:
        cotangent = rand(*y.shape)
        wanted = [x for x in leaves if x.is_floating_point()]
        grads = torch.autograd.grad(y, wanted, cotangent, allow_unused=True)
        entry["cotangent"] = cotangent.flatten().tolist()
        entry["gradients"] = [sig(torch.zeros_like(x) if g is None else g) for g, x in zip(grads, wanted)]
    assert name not in cases, name
    cases[name] = entry


def rand(*shape, low=-2.0, high=2.0):
    """Multiples of 1/64: short in JSON, and exact in float32."""
    return torch.round((torch.rand(shape) * (high - low) + low) * 64) / 64


def positive(*shape):
    return rand(*shape, low=0.25, high=3.0)


def distinct(*shape):
    """No two equal, so that an extremum has one place."""
    count = 1
    for n in shape:
        count *= n
    return ((torch.randperm(count) - count / 2) / 16).reshape(*shape)


def index(limit, *shape):
    return torch.randint(0, limit, shape, dtype=torch.int64)


# Elementwise arithmetic.
case("add broadcast", lambda a, b: a + b, rand(2, 1, 3), rand(4, 1))
case("sub broadcast", lambda a, b: a - b, rand(3), rand(2, 3))
case("mul broadcast", lambda a, b: a * b, rand(2, 3, 1), rand(1, 3, 4))
case("div broadcast", lambda a, b: a / b, rand(2, 3), positive(1, 3))
case("scalar operands", lambda x: 2 - (3 * x + 1) / 4, rand(5))
case("pow tensors", lambda a, b: a**b, positive(2, 3), rand(3))
case("pow whole exponent", lambda a: a**3, rand(6))
case("pow two", lambda a: a**2, rand(6))
case("pow zero", lambda a: a**0, torch.tensor([0.0, -1.5, 2.0]))
case("pow half", lambda a: a**0.5, positive(4))
case("pow of zero", lambda a, b: a**b, torch.tensor([0.0, 0.0, 2.0]), torch.tensor([2.0, 1.0, 0.0]))
case("maximum", torch.maximum, rand(2, 3), rand(3))
case("minimum", torch.minimum, rand(2, 1), rand(2, 3))
case("maximum ties", torch.maximum, torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 3.0, 2.0]))
case("int arithmetic", lambda a, b: a * b + a - b, index(9, 2, 3), index(9, 3))
case("int division", lambda a, b: torch.div(a, b, rounding_mode="trunc"), index(20, 6) - 10, index(4, 6) + 1)
case("mod", lambda a, b: torch.remainder(a, b), index(20, 6) - 10, index(4, 6) + 1)
case("int extrema", lambda a, b: torch.maximum(a, b) - torch.minimum(a, b), index(9, 5), index(9, 5))
case("comparisons", lambda a, b: torch.stack([a == b, a != b, a < b, a <= b, a > b, a >= b]), index(3, 2, 4), index(3, 4))
case("logic", lambda a, b: (a & ~b) | (b & ~a), index(2, 6) == 1, index(2, 6) == 1)
case("where broadcast", lambda c, a, b: torch.where(c, a, b), index(2, 2, 1) == 1, rand(3), rand(2, 3))
case("where int", lambda c, a: torch.where(c, a, torch.tensor(7)), index(2, 4) == 1, index(9, 4))
case("isNaN", lambda x: torch.isnan(torch.sqrt(x)), torch.tensor([-1.0, 0.0, 4.0]))
for name, fn, x in [
    ("neg", torch.neg, rand(5)),
    ("abs", torch.abs, rand(5)),
    ("sign", torch.sign, torch.tensor([-2.0, 0.0, 0.5])),
    ("exp", torch.exp, rand(5)),
    ("log", torch.log, positive(5)),
    ("sqrt", torch.sqrt, positive(5)),
    ("rsqrt", torch.rsqrt, positive(5)),
    ("reciprocal", torch.reciprocal, positive(5)),
    ("square", torch.square, rand(5)),
    ("tanh", torch.tanh, rand(5)),
    ("sigmoid", torch.sigmoid, rand(5)),
    ("erf", torch.erf, rand(7, low=-4, high=4)),
    ("sin", torch.sin, rand(5)),
    ("cos", torch.cos, rand(5)),
    ("floor", torch.floor, rand(5)),
    ("ceil", torch.ceil, rand(5)),
    ("round", torch.round, torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 0.75])),
    ("clip", lambda x: torch.clip(x, -0.5, 1.0), rand(7)),
    ("softplus", F.softplus, rand(5, low=-9, high=9)),
    ("logSigmoid", F.logsigmoid, rand(5, low=-9, high=9)),
    ("relu", F.relu, rand(6)),
    ("relu6", F.relu6, rand(6, low=-3, high=9)),
    ("leakyRelu", lambda x: F.leaky_relu(x, 0.2), rand(6)),
    ("elu", lambda x: F.elu(x, 1.5), rand(6)),
    ("squaredRelu", lambda x: F.relu(x) ** 2, rand(6)),
    ("silu", F.silu, rand(6)),
    ("gelu tanh", lambda x: x * 0.5 * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3))), rand(6)),
    ("gelu erf", F.gelu, rand(6)),
]:
    case(name, fn, x)
case("cast int to float", lambda i, x: i.double() * x, index(9, 4), rand(4))
case("cast float to int", lambda x: x.int(), torch.tensor([-1.75, -0.5, 0.5, 1.75]))
case("cast bool", lambda x: x.bool(), torch.tensor([0.0, -0.5, 2.0]))
case("float16 storage", lambda x: x.half().double(), (rand(6) / 3).float().double())
case("bfloat16 storage", lambda x: x.bfloat16().double(), (rand(6) / 3).float().double())
case("stopGradient", lambda x: x * x.detach(), rand(4))

# Shape.
case("reshape", lambda x: x.reshape(3, -1) * torch.arange(1, 9), rand(2, 3, 4))
case("transpose", lambda x: x.permute(2, 0, 1) ** 2, rand(2, 3, 4))
case("transpose last two", lambda x: x.mT**2, rand(2, 3, 4))
case("broadcastTo", lambda x: x.expand(4, 2, 3) * 2, rand(2, 1))
case("slice", lambda x: x[1:3, :, 1:-1] * 3, rand(4, 2, 5))
case("slice strided", lambda x: x[1::3, 0:5:2] * 3, rand(7, 6))
case("reverse", lambda x: torch.flip(x, [0, 2]) ** 2, rand(2, 3, 2))
case("pad", lambda x: F.pad(x, (1, 0, 0, 2), value=1.5) ** 2, rand(2, 3))
case("concat", lambda a, b, c: torch.cat([a, b, c, a], 1) ** 2, rand(2, 1), rand(2, 3), rand(2, 2))
case("stack", lambda a, b: torch.stack([a, b, a], 1) ** 2, rand(2, 3), rand(2, 3))
case("split", lambda x: (lambda p: p[0] * p[2] + p[1].sum())(torch.split(x, [2, 1, 2], 1)), rand(3, 5))
case("expandDims squeeze", lambda x: x.squeeze(1).unsqueeze(-1) * x.squeeze(1).unsqueeze(0), rand(3, 1))
case("sumTo", lambda x: (x.sum((0, 2)).unsqueeze(-1)) ** 2, rand(2, 3, 4))

# Indexing.
case("gather rows", lambda x, i: x[i], rand(5, 3), index(5, 2, 4))
case("gather axis", lambda x, i: x[:, i], rand(2, 5, 3), index(5, 4))
case("gather matrix axis", lambda x, i: x[:, :, i], rand(2, 3, 5), index(5, 2, 2))
case("scatterAdd", lambda b, i, u: b.index_put((i,), u, accumulate=True), rand(4, 3), torch.tensor([[0, 2], [2, 3]]), rand(2, 2, 3))
case("takeAlongAxis", lambda x, i: torch.gather(x, 1, i), rand(2, 5, 3), index(5, 2, 4, 3))
case("scatterAddAlongAxis", lambda b, i, u: b.scatter_add(1, i, u), rand(2, 5), index(5, 2, 4), rand(2, 4))
case("cumsum", lambda x: torch.cumsum(x, 1), rand(2, 5, 2))
case("cumsum exclusive", lambda x: torch.cumsum(x, 0) - x, rand(5))
case("cumsum reverse", lambda x: torch.flip(torch.cumsum(torch.flip(x, [1]), 1), [1]), rand(2, 5))
case("cumsum int", lambda x: torch.cumsum(x, 0), index(9, 5))
case("topK", lambda x: torch.topk(x, 3, 1)[0], distinct(2, 7, 2))
case("topK indices", lambda x: torch.topk(x, 2, -1)[1], distinct(3, 6))
case("oneHot", lambda i: F.one_hot(i, 5), index(5, 2, 3))

# Reductions.
case("sum", lambda x: x.sum((0, 2)) ** 2, rand(2, 3, 4))
case("sum all", lambda x: x.sum() ** 2, rand(2, 3))
case("sum int", lambda x: x.sum(1), index(9, 2, 3))
case("mean", lambda x: x.mean(1, keepdim=True) ** 2, rand(2, 3, 4))
case("max", lambda x: torch.amax(x, (0, 2)), distinct(2, 3, 4))
case("max ties", lambda x: torch.amax(x, 1), torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]))
case("min", lambda x: torch.amin(x, 1, keepdim=True), distinct(2, 3, 4))
case("max int", lambda x: torch.amax(x, 1), index(50, 2, 4))
case("logSumExp", lambda x: torch.logsumexp(x, (0, 2)), rand(2, 3, 4, low=-40, high=40))
case("logSumExp axis", lambda x: torch.logsumexp(x, 1), rand(2, 9))
case("argMax", lambda x: torch.argmax(x, 1), distinct(2, 5, 3))
case("argMax keepDims", lambda x: torch.argmax(x, -1, keepdim=True), distinct(4, 5))
case("variance", lambda x: torch.var(x, (0, 1), unbiased=False), rand(3, 4, 2))
case("variance unbiased", lambda x: torch.var(x, 1, unbiased=True, keepdim=True), rand(3, 4))
case("standardDeviation", lambda x: torch.std(x, 1, unbiased=False), rand(3, 4))

# Products.
case("matmul", torch.matmul, rand(3, 4), rand(4, 2))
case("matmul batched", torch.matmul, rand(2, 3, 2, 4), rand(2, 3, 4, 3))
case("matmul broadcast", torch.matmul, rand(2, 1, 2, 3), rand(4, 3, 2))
case("matmul rows by matrix", torch.matmul, rand(2, 3, 4), rand(4, 5))
case("matmul matrix by stack", torch.matmul, rand(3, 4), rand(2, 4, 5))
case("matmul transposeA", lambda a, b: 0.5 * a.mT @ b, rand(2, 4, 3), rand(2, 4, 5))
case("matmul transposeB", lambda a, b: 0.5 * a @ b.mT, rand(2, 3, 4), rand(5, 4))
case("matmul transpose both", lambda a, b: -2 * a.mT @ b.mT, rand(4, 3), rand(5, 4))
case("matmul transposeA by matrix", lambda a, b: a.mT @ b, rand(2, 4, 3), rand(4, 5))
for equation, shapes in [
    ("bqd,bkd->bqk", [(2, 3, 4), (2, 5, 4)]),
    ("bhqk,bkhd->bqhd", [(2, 2, 3, 4), (2, 4, 2, 3)]),
    ("i,j->ji", [(3,), (4,)]),
    ("ab,bc->c", [(2, 3), (3, 4)]),
    ("abc,abc->", [(2, 3, 2), (2, 3, 2)]),
    ("abc->ca", [(2, 3, 4)]),
    ("ab,ab->ab", [(2, 3), (2, 3)]),
]:
    case(f"einsum {equation}", lambda *x, e=equation: torch.einsum(e, *x), *[rand(*s) for s in shapes])
case("conv 1d", lambda x, w: F.conv1d(x, w), rand(2, 3, 7), rand(4, 3, 3))
case("conv 1d options", lambda x, w: F.conv1d(x, w, stride=2, padding=2, dilation=2, groups=2), rand(2, 4, 9), rand(6, 2, 3))
case("conv 1d causal", lambda x, w: F.conv1d(F.pad(x, (2, 0)), w), rand(1, 2, 6), rand(2, 2, 3))
case("conv", lambda x, w: F.conv2d(x, w), rand(1, 2, 5, 4), rand(3, 2, 3, 2))
case("conv same", lambda x, w: F.conv2d(x, w, padding="same"), rand(1, 2, 5, 4), rand(2, 2, 3, 3))
case("conv stride padding", lambda x, w: F.conv2d(x, w, stride=(2, 3), padding=(1, 2)), rand(1, 2, 6, 7), rand(3, 2, 3, 3))
case("conv leftover", lambda x, w: F.conv2d(x, w, stride=3), rand(1, 1, 7, 6), rand(2, 1, 2, 2))
case("conv dilation groups", lambda x, w: F.conv2d(x, w, dilation=(2, 1), padding=1, groups=2), rand(1, 4, 6, 4), rand(4, 2, 2, 3))
case("conv depthwise", lambda x, w: F.conv2d(x, w, padding=1, groups=3), rand(2, 3, 4, 3), rand(6, 1, 3, 3))
case("conv uneven padding", lambda x, w: F.conv2d(F.pad(x, (2, 1, 0, 1)), w, stride=2), rand(1, 2, 5, 4), rand(2, 2, 2, 3))
case("conv 1x1", lambda x, w: F.conv2d(x, w), rand(2, 3, 2, 3), rand(4, 3, 1, 1))
case("convTranspose 1d", lambda x, w: F.conv_transpose1d(x, w, stride=2, padding=1, output_padding=1), rand(2, 3, 4), rand(3, 2, 3))
case("convTranspose", lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1), rand(1, 3, 3, 4), rand(3, 2, 4, 4))
case(
    "convTranspose options",
    lambda x, w: F.conv_transpose2d(x, w, stride=(2, 3), padding=(0, 1), output_padding=(1, 2), groups=2, dilation=(1, 2)),
    rand(1, 4, 3, 2),
    rand(4, 2, 2, 3),
)
case("maxPool", lambda x: F.max_pool2d(x, 2), distinct(2, 2, 4, 6))
case("maxPool overlapping", lambda x: F.max_pool2d(x, 3, 2, 1), distinct(1, 2, 6, 5))
case("maxPool leftover", lambda x: F.max_pool2d(x, (2, 3), (2, 2)), distinct(1, 2, 5, 6))
case("maxPool ties", lambda x: F.max_pool2d(x, 2, 1), index(2, 1, 2, 3, 4).double())
case("maxPool 1d", lambda x: F.max_pool1d(x, 3, 2), distinct(2, 2, 8))
case("avgPool", lambda x: F.avg_pool2d(x, 2), rand(2, 2, 4, 6))
case("avgPool overlapping", lambda x: F.avg_pool2d(x, 3, 2, 1), rand(1, 2, 6, 5))
case("avgPool leftover", lambda x: F.avg_pool2d(x, (2, 3)), rand(1, 2, 5, 7))
case("avgPool 1d", lambda x: F.avg_pool1d(x, 3, 1), rand(2, 2, 6))
case("resize nearest", lambda x: F.interpolate(x, (4, 9)), rand(1, 2, 2, 3))
case("resize nearest any", lambda x: F.interpolate(x, (5, 2)), rand(1, 2, 3, 4))
case("resize bilinear up", lambda x: F.interpolate(x, (5, 8), mode="bilinear"), rand(1, 2, 3, 4))
case("resize bilinear down", lambda x: F.interpolate(x, (2, 3), mode="bilinear"), rand(1, 2, 5, 7))

# Normalisation and attention.
case("softmax", lambda x: F.softmax(x, -1), rand(2, 3, 5))
case("softmax axis", lambda x: F.softmax(x, 1), rand(2, 4, 3))
case("logSoftmax", lambda x: F.log_softmax(x, -1), rand(3, 5, low=-60, high=60))
case("layerNorm", lambda x, s, b: F.layer_norm(x, (6,), s, b, 1e-5), rand(2, 3, 6), rand(6), rand(6))
case("layerNorm plain", lambda x: F.layer_norm(x, (6,), eps=1e-3), rand(2, 6))
case("rmsNorm", lambda x, s: x * torch.rsqrt((x**2).mean(-1, keepdim=True) + 1e-5) * s, rand(2, 3, 6), rand(6))
case("groupNorm", lambda x, s, b: F.group_norm(x, 2, s, b, 1e-5), rand(2, 4, 3, 2), rand(4), rand(4))
case("groupNorm instance", lambda x: F.instance_norm(x, eps=1e-5), rand(2, 3, 2, 4))
case("normalise", lambda x: F.normalize(x, dim=1), rand(2, 4, 3))


def attend(q, k, v, mask=0.0, scale=None):
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    scores = q @ k.mT * (scale or q.shape[-1] ** -0.5) + mask
    return F.softmax(scores, -1) @ v


def causal(t, s, window=0):
    distance = torch.arange(t)[:, None] + s - t - torch.arange(s)[None]
    hidden = (distance < 0) | ((distance >= window) & (window > 0))
    return torch.zeros(t, s).masked_fill(hidden, float("-inf"))


heads = [rand(2, 2, 3, 4), rand(2, 2, 5, 4), rand(2, 2, 5, 4)]
case("attention", attend, *heads)
case("attention masked", attend, *heads, rand(2, 1, 1, 5))
case("attention causal", lambda q, k, v: attend(q, k, v, causal(3, 5)), *heads)
case("attention windowed", lambda q, k, v: attend(q, k, v, causal(3, 5, 2), 0.3), *heads)
case("attention grouped", lambda q, k, v: attend(q, k, v, causal(3, 3)), rand(1, 4, 3, 2), rand(1, 2, 3, 2), rand(1, 2, 3, 2))
case("attention with dropout", lambda q, k, v, m: (F.softmax(q @ k.mT / 2, -1) * m) @ v, *heads, rand(2, 2, 3, 5))
case("splitHeads joinHeads", lambda x: x.reshape(2, 3, 2, 4).transpose(1, 2).transpose(1, 2).reshape(2, 3, 8) ** 2, rand(2, 3, 8))


def rotary(x, positions, base=100.0):
    half = x.shape[-1] // 2
    angle = positions.double()[..., None] * base ** (-torch.arange(half) / half)
    if positions.dim() == 2:
        angle = angle[:, None]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)


case("rotaryEmbedding", rotary, rand(1, 2, 3, 6), torch.tensor([0, 1, 5]))
case("rotaryEmbedding per row", rotary, rand(2, 1, 3, 4), torch.tensor([[0, 1, 2], [7, 8, 9]]))

# Losses.
case("crossEntropy", lambda x, t: F.cross_entropy(x.reshape(-1, 5), t.reshape(-1), reduction="none").reshape(2, 3), rand(2, 3, 5), index(5, 2, 3))
case("logProbOf", lambda x, t: F.log_softmax(x, -1).gather(-1, t[:, None])[:, 0], rand(4, 6, low=-30, high=30), index(6, 4))
case("maskedMean", lambda x, m: (x * m).sum() / m.sum().clip(min=1), rand(2, 4), (index(2, 2, 4)).double())
case("binaryCrossEntropy", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"), rand(6, low=-40, high=40), rand(6, low=0, high=1))
case("meanSquaredError", F.mse_loss, rand(2, 3), rand(2, 3))

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "operations.json"), "w") as file:
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}" for name, entry in cases.items())
    file.write("{\n" + rows + "\n}\n")
print(len(cases), "cases")
