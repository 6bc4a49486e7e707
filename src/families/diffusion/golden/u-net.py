"""Golden values of u-net.test.ts and variational.test.ts, from PyTorch in float64. Run: python3 u-net.py > u-net.json

Parameters are filled by a formula, so that none of them has to be stored: element i of the k-th parameter is
0.3 sin(0.37 (i + 1) + k).
"""

import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

CHANNELS = [8, 16]
GROUPS = 4
HEAD = 8
INPUTS, SPATIAL, OUTPUTS, SIDE = 2, 1, 2, 8
SEQUENCE = 6
EMBEDDING = 4 * CHANNELS[0]

parameters = {}


def parameter(name, *shape):
    size = math.prod(shape)
    values = torch.sin(0.37 * torch.arange(1, size + 1) + len(parameters)) * 0.3
    parameters[name] = values.float().double().reshape(shape).requires_grad_()
    return parameters[name]


def linear(name, x, out):
    return x @ parameter(name + ".weight", x.shape[-1], out) + parameter(name + ".bias", out)


def convolution(name, x, out, kernel=3, bias=True):
    weight = parameter(name + ".weight", out, x.shape[1], kernel, kernel)
    return F.conv2d(x, weight, parameter(name + ".bias", out) if bias else None, padding=kernel // 2)


def group_norm(name, x):
    channels = x.shape[1]
    return F.group_norm(x, GROUPS, parameter(name + ".scale", channels), parameter(name + ".bias", channels), 1e-5)


def block(name, x, embedded, out):
    h = convolution(name + ".first", F.silu(group_norm(name + ".firstNorm", x)), out)
    scale, shift = linear(name + ".modulation", embedded, 2 * out).chunk(2, 1)
    h = F.group_norm(h, GROUPS, eps=1e-5) * (1 + scale[:, :, None, None]) + shift[:, :, None, None]
    h = convolution(name + ".second", F.silu(h), out)
    return h + (x if x.shape[1] == out else convolution(name + ".skip", x, out, 1, bias=False))


def attend(name, x, sequence=None):
    batch, channels, height, width = x.shape
    h = group_norm(name + ".norm", x).reshape(batch, channels, -1).transpose(1, 2)
    seen = h if sequence is None else sequence
    heads = channels // HEAD

    def split(y):
        return y.reshape(batch, y.shape[1], heads, HEAD).transpose(1, 2)

    query = split(linear(name + ".query", h, channels))
    key = split(linear(name + ".key", seen, channels))
    value = split(linear(name + ".value", seen, channels))
    weights = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(HEAD), -1)
    found = (weights @ value).transpose(1, 2).reshape(batch, -1, channels)
    return x + linear(name + ".projection", found, channels).transpose(1, 2).reshape(x.shape)


def layer(name, x, embedded, out, sequence, looks):
    h = block(name + ".block", x, embedded, out)
    if looks:
        h = attend(name + ".attention", h)
        h = attend(name + ".crossAttention", h, sequence)
    return h


def u_net(x, level, vector, sequence, spatial):
    half = CHANNELS[0] // 2
    frequencies = 500 ** (torch.arange(half) / (half - 1))
    angles = level[:, None] * frequencies
    features = torch.cat([angles.sin(), angles.cos()], 1)
    known = linear("embedding.second", F.silu(linear("embedding.first", features, EMBEDDING)), EMBEDDING)
    embedded = F.silu(known + vector)
    h = convolution("in", torch.cat([x, spatial], 1), CHANNELS[0])
    fine = h = layer("down.0.0", h, embedded, CHANNELS[0], sequence, False)
    h = layer("down.1.0", F.avg_pool2d(h, 2), embedded, CHANNELS[1], sequence, True)
    coarse = h
    h = layer("middle.first", h, embedded, CHANNELS[1], sequence, True)
    h = layer("middle.second", h, embedded, CHANNELS[1], sequence, False)
    h = layer("up.1.0", torch.cat([h, coarse], 1), embedded, CHANNELS[1], sequence, True)
    h = F.interpolate(h, scale_factor=2, mode="nearest")
    h = layer("up.0.0", torch.cat([h, fine], 1), embedded, CHANNELS[0], sequence, False)
    return convolution("out", F.silu(group_norm("norm", h)), OUTPUTS)


def filled(*shape, phase):
    return (torch.sin(0.61 * torch.arange(math.prod(shape)) + phase)).float().double().reshape(shape)


def golden_network():
    given = {
        "x": filled(2, INPUTS, SIDE, SIDE, phase=1),
        "level": torch.tensor([-0.75, 0.5]),
        "vector": filled(2, EMBEDDING, phase=2),
        "sequence": filled(2, 5, SEQUENCE, phase=3),
        "spatial": filled(2, SPATIAL, SIDE, SIDE, phase=4),
    }
    output = u_net(**given)
    (output**2).sum().backward()
    return {
        "parameters": [[name, list(values.shape)] for name, values in parameters.items()],
        "output": output.flatten().tolist(),
        "gradientNorms": {name: values.grad.norm().item() for name, values in parameters.items()},
    }


# The bound in the coordinates of the papers, z = sqrt(alpha_bar) clean + sqrt(1 - alpha_bar) noise.
STEPS, LEVELS = 5, 8


def golden_bound():
    betas = torch.linspace(1e-4, 0.02, STEPS) * 1000 / STEPS
    betas = betas.clamp(max=0.999)
    bars = torch.cumprod(1 - betas, 0)
    previous = torch.cat([torch.ones(1), bars[:-1]])
    posterior = betas * (1 - previous) / (1 - bars)
    log_least = torch.log(torch.cat([posterior[1:2], posterior[1:]]))
    images = torch.arange(2 * 6) * 5 % LEVELS
    images = images.reshape(2, 1, 2, 3).double()
    clean = images * 2 / (LEVELS - 1) - 1
    denoised = clean + 0.15 * filled(2, 1, 2, 3, phase=5)
    spread = filled(2, 1, 2, 3, phase=6) * 0.5 + 0.5
    noise = filled(2, 1, 2, 3, phase=7)
    terms = []
    for t in range(STEPS):
        z = bars[t].sqrt() * clean + (1 - bars[t]).sqrt() * noise

        def mean_of(start):
            return (
                betas[t] * previous[t].sqrt() / (1 - bars[t]) * start
                + (1 - previous[t]) * (1 - betas[t]).sqrt() / (1 - bars[t]) * z
            )

        log_variance = spread * betas[t].log() + (1 - spread) * log_least[t]
        if t == 0:
            deviation = (log_variance / 2).exp()
            normal = torch.distributions.Normal(mean_of(denoised), deviation)
            half = 1 / (LEVELS - 1)
            upper = torch.where(images == LEVELS - 1, torch.ones(1), normal.cdf(clean + half))
            lower = torch.where(images == 0, torch.zeros(1), normal.cdf(clean - half))
            term = -(upper - lower).log()
        else:
            term = 0.5 * (
                log_variance
                - log_least[t]
                - 1
                + (log_least[t] - log_variance).exp()
                + (mean_of(clean) - mean_of(denoised)) ** 2 / log_variance.exp()
            )
        terms.append(term.sum((1, 2, 3)).tolist())
    return {"sigmas": ((1 - bars) / bars).sqrt().tolist(), "terms": terms}


print(json.dumps({"network": golden_network(), "bound": golden_bound()}))
