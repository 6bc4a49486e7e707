"""Image models in eager PyTorch, to be measured beside Descent's: the same layers and sizes.

A convolutional VAE (Kingma & Welling 2014), the gated PixelCNN (van den Oord et al. 2016b), Glow (Kingma & Dhariwal
2018), DCGAN (Radford et al. 2016) and the U-Net of DDPM (Ho et al. 2020). Each has a loss and draws samples.
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

SIDE = 28
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


class Vae(nn.Module):
    def __init__(self, width, latents, **_):
        super().__init__()
        small = SIDE // 4
        self.shape = (2 * width, small, small)
        middle = 2 * width * small * small
        self.latents = latents
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1), nn.ReLU(), nn.Conv2d(width, 2 * width, 4, 2, 1), nn.ReLU(), nn.Flatten(),
            nn.Linear(middle, 8 * width), nn.ReLU(), nn.Linear(8 * width, 2 * latents))
        self.spread = nn.Sequential(nn.Linear(latents, 8 * width), nn.ReLU(), nn.Linear(8 * width, middle), nn.ReLU())
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(width, 1, 4, 2, 1))

    def forward(self, images):
        mean, log_deviation = self.encoder(2 * images - 1).split(self.latents, 1)
        log_deviation = log_deviation.clamp(-6, 4)
        code = mean + log_deviation.exp() * torch.randn_like(mean)
        logits = self.decoder(self.spread(code).view(-1, *self.shape))
        pixels = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
        divergence = 0.5 * (mean ** 2 + (2 * log_deviation).exp() - 2 * log_deviation - 1).sum()
        return (pixels + divergence) / len(images)

    def sample(self, count):
        return self.decoder(self.spread(torch.randn(count, self.latents)).view(-1, *self.shape)).sigmoid()


class GatedLayer(nn.Module):
    def __init__(self, width, dilation):
        super().__init__()
        self.dilation = dilation
        self.rows = nn.Conv2d(width, 2 * width, (2, 3), dilation=dilation)
        self.row = nn.Conv2d(width, 2 * width, (1, 2), dilation=(1, dilation))
        self.across = nn.Conv2d(2 * width, 2 * width, 1, bias=False)
        self.out = nn.Conv2d(width, width, 1)

    @staticmethod
    def gate(x):
        value, gate = x.chunk(2, 1)
        return value.tanh() * gate.sigmoid()

    def forward(self, above, here):
        reach = self.dilation
        rows = self.rows(F.pad(above, (reach, reach, reach, 0)))
        row = self.row(F.pad(here, (reach, 0, 0, 0))) + self.across(rows)
        return self.gate(rows), here + self.out(self.gate(row))


class GatedPixelCnn(nn.Module):
    def __init__(self, width, layers, kernel, hidden, **_):
        super().__init__()
        half = (kernel - 1) // 2
        self.half = half
        self.rows = nn.Conv2d(2, width, (half, kernel))
        self.row = nn.Conv2d(2, width, (1, half))
        dilations = [min(4, (i + 1) & -(i + 1)) for i in range(layers)]
        self.layers = nn.ModuleList(GatedLayer(width, dilation) for dilation in dilations)
        self.hidden = nn.Linear(width, hidden)
        self.out = nn.Linear(hidden, 256)

    def features(self, images):
        x = torch.cat([images / 127.5 - 1, torch.ones_like(images)], 1)
        above = self.rows(F.pad(x, (self.half, self.half, self.half, 0))[:, :, :-1])
        here = self.row(F.pad(x, (self.half, 0, 0, 0))[:, :, :, :-1]) + above
        for layer in self.layers:
            above, here = layer(above, here)
        return here

    def logits(self, features):
        return self.out(F.relu(self.hidden(F.relu(features))))

    def forward(self, images):
        here = self.features(images)
        logits = self.logits(here.permute(0, 2, 3, 1).reshape(-1, here.shape[1]))
        return F.cross_entropy(logits, images.permute(0, 2, 3, 1).reshape(-1).long(), reduction="sum") / len(images)

    def sample(self, count):
        """Pixel by pixel, each from a pass over the rows that there are."""
        images = torch.zeros(count, 1, SIDE, SIDE)
        for row in range(SIDE):
            for column in range(SIDE):
                logits = self.logits(self.features(images[:, :, :row + 1])[:, :, row, column])
                images[:, 0, row, column] = torch.multinomial(logits.softmax(1), 1)[:, 0].float()
        return images


def coupling_network(inputs, width, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(),
        nn.Conv2d(width, outputs, 3, padding=1))


class FlowStep(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
        permutation, lower, upper = torch.lu_unpack(*torch.lu(rotation))
        self.register_buffer("permutation", permutation)
        self.register_buffer("sign", upper.diagonal().sign())
        self.register_buffer("identity", torch.eye(channels))
        self.lower = nn.Parameter(lower.tril(-1))
        self.upper = nn.Parameter(upper.triu(1))
        self.log_diagonal = nn.Parameter(upper.diagonal().abs().log())
        self.kept = channels // 2
        self.moved = channels - self.kept
        self.network = coupling_network(self.kept, width, 2 * self.moved)

    def matrix(self):
        lower = self.lower.tril(-1) + self.identity
        upper = self.upper.triu(1) + torch.diag(self.sign * self.log_diagonal.exp())
        return self.permutation @ lower @ upper

    def halves(self, x):
        """What is kept, what is moved, and how."""
        still, moved = x.split([self.kept, self.moved], 1)
        shift, log_slope = self.network(still).split(self.moved, 1)
        return still, moved, shift, 2 * (log_slope / 2).tanh()

    def forward(self, x):
        positions = x.shape[2] * x.shape[3]
        x = (x + self.shift) * self.log_scale.exp()
        x = F.conv2d(x, self.matrix()[:, :, None, None])
        still, moved, shift, log_slope = self.halves(x)
        log_determinant = positions * (self.log_scale.sum() + self.log_diagonal.sum()) + log_slope.sum((1, 2, 3))
        return torch.cat([still, moved * log_slope.exp() + shift], 1), log_determinant

    def inverse(self, z):
        still, moved, shift, log_slope = self.halves(z)
        x = torch.cat([still, (moved - shift) * (-log_slope).exp()], 1)
        x = F.conv2d(x, self.matrix().inverse()[:, :, None, None])
        return x * (-self.log_scale).exp() - self.shift


class Glow(nn.Module):
    def __init__(self, levels, **_):
        super().__init__()
        channels = 1
        self.levels = nn.ModuleList()
        self.splits = nn.ModuleList()
        self.factors = []
        for index, level in enumerate(levels):
            channels *= level["squeeze"] ** 2
            self.factors.append(level["squeeze"])
            self.levels.append(nn.ModuleList(FlowStep(channels, level["width"]) for _ in range(level["steps"])))
            if index < len(levels) - 1:
                self.splits.append(coupling_network(channels // 2, level["width"], 2 * (channels - channels // 2)))
                channels //= 2
        self.channels = channels

    @staticmethod
    def normal(z):
        return (-0.5 * z ** 2 - HALF_LOG_TWO_PI).sum((1, 2, 3))

    def split(self, index, goes_on, leaving):
        """Where the part that leaves is expected, given the one that goes on."""
        shift, log_slope = self.splits[index](goes_on).split(leaving, 1)
        return shift, 3 * (log_slope / 3).tanh()

    def sample(self, count):
        side = SIDE
        for factor in self.factors:
            side //= factor
        x = torch.randn(count, self.channels, side, side)
        for index in reversed(range(len(self.levels))):
            if index < len(self.splits):
                noise = torch.randn_like(x)
                shift, log_slope = self.split(index, x, noise.shape[1])
                x = torch.cat([x, (noise - shift) * (-log_slope).exp()], 1)
            for step in reversed(self.levels[index]):
                x = step.inverse(x)
            x = F.pixel_shuffle(x, self.factors[index])
        return ((x.sigmoid() - 0.05) * (256 / 0.9)).floor().clamp(0, 255)

    def forward(self, images):
        share = (images + torch.rand_like(images)) * (0.9 / 256) + 0.05
        left, right = share.log(), (1 - share).log()
        x = left - right
        log_prob = (math.log(0.9 / 256) - left - right).sum((1, 2, 3))
        for index, steps in enumerate(self.levels):
            x = F.pixel_unshuffle(x, self.factors[index])
            for step in steps:
                x, log_determinant = step(x)
                log_prob = log_prob + log_determinant
            if index < len(self.splits):
                kept = x.shape[1] // 2
                goes_on, leaves = x.split([kept, x.shape[1] - kept], 1)
                shift, log_slope = self.split(index, goes_on, leaves.shape[1])
                log_prob = log_prob + self.normal(leaves * log_slope.exp() + shift) + log_slope.sum((1, 2, 3))
                x = goes_on
        return -(log_prob + self.normal(x)).mean()


class Dcgan(nn.Module):
    """Both players. As in PyTorch's own example the generator's images serve both losses, and each player's loss is
    differentiated by its own weights alone."""

    def __init__(self, width, latents, **_):
        super().__init__()
        small = SIDE // 4
        self.latents = latents
        self.generator = nn.Sequential(
            nn.Linear(latents, 2 * width * small * small), nn.Unflatten(1, (2 * width, small, small)),
            nn.BatchNorm2d(2 * width), nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, 2, 1), nn.Tanh())
        self.discriminator = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2),
            nn.Flatten(), nn.Linear(2 * width * small * small, 1))

    def players(self):
        return [self.discriminator, self.generator]

    def losses(self, images):
        """The losses of the players in turn; each is asked for after the step of the one before."""
        real = images / 127.5 - 1
        made = self.generator(torch.randn(len(images), self.latents))
        self.discriminator.requires_grad_(True)
        judged = F.softplus(-self.discriminator(real)) + F.softplus(self.discriminator(made.detach()))
        yield judged.mean()
        self.discriminator.requires_grad_(False)
        yield F.softplus(-self.discriminator(made)).mean()

    def sample(self, count):
        """By running averages: once it has drawn, it is not to be trained on."""
        return self.generator.eval()(torch.randn(count, self.latents))


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, embedding, groups):
        super().__init__()
        self.groups = groups
        self.first_norm = nn.GroupNorm(groups, inputs)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.modulation = nn.Linear(embedding, 2 * outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x, embedded):
        h = self.first(F.silu(self.first_norm(x)))
        scale, shift = self.modulation(embedded)[:, :, None, None].chunk(2, 1)
        h = torch.addcmul(shift, F.group_norm(h, self.groups), 1 + scale)
        return self.skip(x) + self.second(F.silu(h))


class ImageAttention(nn.Module):
    def __init__(self, channels, heads, groups):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels)
        self.joint = nn.Linear(channels, 3 * channels)
        self.projection = nn.Linear(channels, channels)
        nn.init.zeros_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)

    def forward(self, x):
        batch, channels, height, width = x.shape
        h = self.norm(x).flatten(2).transpose(1, 2)
        joint = self.joint(h).view(batch, -1, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = joint[0], joint[1], joint[2]
        weights = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(channels // self.heads), -1)
        found = (weights @ value).transpose(1, 2).reshape(batch, -1, channels)
        return x + self.projection(found).transpose(1, 2).reshape(x.shape)


class Ddpm(nn.Module):
    def __init__(self, channels, attention, groups, headWidth, steps, **_):
        super().__init__()
        self.features = channels[0]
        embedding = 4 * channels[0]
        depth = len(channels)

        def layer(inputs, outputs, looks):
            block = nn.ModuleList([ResidualBlock(inputs, outputs, embedding, groups)])
            if looks:
                block.append(ImageAttention(outputs, max(1, outputs // headWidth), groups))
            return block

        self.embedding = nn.Sequential(
            nn.Linear(self.features, embedding), nn.SiLU(), nn.Linear(embedding, embedding), nn.SiLU())
        self.first = nn.Conv2d(1, channels[0], 3, padding=1)
        self.down = nn.ModuleList(
            layer(channels[max(0, level - 1)], channels[level], level in attention) for level in range(depth))
        self.middle = nn.ModuleList(
            [layer(channels[-1], channels[-1], depth - 1 in attention), layer(channels[-1], channels[-1], False)])
        self.up = nn.ModuleList(
            layer(channels[min(depth - 1, level + 1)] + channels[level], channels[level], level in attention)
            for level in range(depth))
        self.norm = nn.GroupNorm(groups, channels[0])
        self.out = nn.Conv2d(channels[0], 1, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        share = (torch.arange(steps + 1) / steps + 0.008) / 1.008
        left = (share * math.pi / 2).cos() ** 2
        self.register_buffer("signal", torch.cumprod(1 - (1 - left[1:] / left[:-1]).clamp(max=0.999), 0))

    @staticmethod
    def through(layer, h, embedded):
        h = layer[0](h, embedded)
        return layer[1](h) if len(layer) > 1 else h

    def noise_in(self, x, signal):
        """What noise there is in images of which this share of the variance is signal."""
        half = self.features // 2
        frequencies = 500 ** (torch.arange(half) / (half - 1))
        angles = ((1 - signal) / signal).log()[:, None] / 8 * frequencies
        embedded = self.embedding(torch.cat([angles.sin(), angles.cos()], 1))
        h = self.first(x)
        kept = []
        for level, layer in enumerate(self.down):
            h = self.through(layer, h if level == 0 else F.avg_pool2d(h, 2), embedded)
            kept.append(h)
        for layer in self.middle:
            h = self.through(layer, h, embedded)
        for level in reversed(range(len(self.up))):
            h = self.through(self.up[level], torch.cat([h, kept[level]], 1), embedded)
            if level > 0:
                h = F.interpolate(h, scale_factor=2, mode="nearest")
        return self.out(F.silu(self.norm(h)))

    def forward(self, images):
        clean = images / 127.5 - 1
        signal = self.signal[torch.randint(len(self.signal), (len(images),))]
        noise = torch.randn_like(clean)
        x = signal.sqrt()[:, None, None, None] * clean + (1 - signal).sqrt()[:, None, None, None] * noise
        return ((self.noise_in(x, signal) - noise) ** 2).mean()

    def sample(self, count, steps=50):
        """DDIM without noise of its own (Song et al. 2021)."""
        times = torch.linspace(len(self.signal) - 1, 0, steps).round().long()
        x = torch.randn(count, 1, SIDE, SIDE)
        for index, time in enumerate(times):
            signal = self.signal[time]
            noise = self.noise_in(x, signal.expand(count))
            clean = ((x - (1 - signal).sqrt() * noise) / signal.sqrt()).clamp(-1, 1)
            left = self.signal[times[index + 1]] if index + 1 < steps else torch.tensor(1.0)
            x = left.sqrt() * clean + (1 - left).sqrt() * noise
        return x


MODELS = {"vae": Vae, "gated-pixel-cnn": GatedPixelCnn, "glow": Glow, "dcgan": Dcgan, "ddpm": Ddpm}
