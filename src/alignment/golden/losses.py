"""Golden values of the losses of alignment, with their gradients, in float64. Run: python3 losses.py > losses.json"""

import json

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)


def rounded(tensor):
    return [round(x, 12) for x in tensor.detach().flatten().tolist()]


def with_gradient(inputs, fn):
    x = inputs.clone().requires_grad_(True)
    loss = fn(x)
    loss.backward()
    return dict(loss=loss.item(), gradient=rounded(x.grad))


# Preferences: how much more probable each of six answers to two prompts has become.
ratios = torch.tensor([0.7, -0.4, 1.9, -2.3, 0.1, -0.6])
better, worse = torch.tensor([0, 0, 1, 4]), torch.tensor([1, 2, 2, 5])
weight = torch.tensor([1 / 6, 1 / 6, 1 / 6, 1 / 2])
beta = 0.3


def dpo(r, smoothing):
    margin = r[better] - r[worse]
    each = -(1 - smoothing) * F.logsigmoid(beta * margin) - smoothing * F.logsigmoid(-beta * margin)
    return (weight * each).sum()


def ipo(r):
    margin = r[better] - r[worse]
    return (weight * (margin - 1 / (2 * beta)) ** 2).sum()


up = torch.tensor([0.25, 0.1, 0.0, 0.0, 0.25, 0.0])
down = torch.tensor([0.0, 0.1, 0.15, 0.0, 0.15, 0.0])


def kto(r, foreign):
    z = (foreign * r).sum().clamp(min=0).detach()
    good = up * (1 - torch.sigmoid(beta * (r - z)))
    bad = down * (1 - torch.sigmoid(beta * (z - r)))
    return 1.2 * good.sum() + 0.8 * bad.sum()


strayed, not_strayed = torch.tensor([0, 0, 0, 0.5, 0, 0.5]), torch.tensor([0, 0, 0.5, 0, 0, 0.5])

# A group of three answers of up to three tokens, a vocabulary of five.
logits = torch.randn(9, 5)
targets = torch.tensor([0, 1, 2, 3, 4, 0, 1, 2, 3])
mask = torch.tensor([1, 1, 1, 1, 1, 0, 1, 0, 0.0])
old = F.log_softmax(logits + 0.5 * torch.randn(9, 5), -1).gather(1, targets[:, None])[:, 0]
reference = F.log_softmax(logits + 0.7 * torch.randn(9, 5), -1).gather(1, targets[:, None])[:, 0]
rewards = torch.tensor([1.0, 0.25, -0.5])
lengths = torch.tensor([3.0, 2.0, 1.0])
clip_range, kl_coefficient = 0.2, 0.15


def group(x, variant):
    log_probs = F.log_softmax(x, -1).gather(1, targets[:, None])[:, 0]
    centred = rewards - rewards.mean()
    if variant == "grpo":
        advantages = centred / (rewards.std() + 1e-4)
    elif variant == "dr-grpo":
        advantages = centred
    else:
        advantages = torch.stack([rewards[i] - (rewards.sum() - rewards[i]) / 2 for i in range(3)])
    a = advantages.repeat_interleave(3)
    ratio = (log_probs - old).exp()
    surrogate = -torch.minimum(a * ratio, a * ratio.clamp(1 - clip_range, 1 + clip_range))
    d = reference - log_probs
    beta = 0 if variant == "rloo" else kl_coefficient
    tokens = ((surrogate + beta * (d.exp() - d - 1)) * mask).reshape(3, 3).sum(1)
    return (tokens / {"grpo": lengths, "dr-grpo": 3.0, "rloo": 1.0}[variant]).mean()


print(json.dumps(dict(
    ratios=rounded(ratios), better=better.tolist(), worse=worse.tolist(), weight=rounded(weight), beta=beta,
    dpo=with_gradient(ratios, lambda r: dpo(r, 0)), smoothed=with_gradient(ratios, lambda r: dpo(r, 0.1)),
    ipo=with_gradient(ratios, ipo),
    up=rounded(up), down=rounded(down),
    kto=dict(foreign=rounded(strayed), **with_gradient(ratios, lambda r: kto(r, strayed))),
    strayed=dict(foreign=rounded(not_strayed), **with_gradient(ratios, lambda r: kto(r, not_strayed))),
    logits=rounded(logits), targets=targets.tolist(), mask=mask.tolist(), old=rounded(old),
    reference=rounded(reference), rewards=rounded(rewards), clipRange=clip_range, klCoefficient=kl_coefficient,
    grpo=with_gradient(logits, lambda x: group(x, "grpo")), drGrpo=with_gradient(logits, lambda x: group(x, "dr-grpo")),
    rloo=with_gradient(logits, lambda x: group(x, "rloo")),
)))
