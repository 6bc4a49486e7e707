"""One of image_torch_models.py in eager PyTorch: its training steps, or the drawing of samples.

The configuration comes as JSON in the first argument; the rest is as in torch_steps.py.
"""

import json
import sys

import numpy as np
import torch

from image_torch_models import MODELS, SIDE, Dcgan
from torch_steps import serve, serve_steps


def steps_of(model, config, about):
    players = model.players() if isinstance(model, Dcgan) else [model]
    optimizers = [torch.optim.AdamW(player.parameters(), lr=config["learningRate"], weight_decay=0.0) for player in players]
    pixels = np.fromfile(config["images"], np.uint8, config["batch"] * SIDE * SIDE, offset=16)
    images = torch.tensor(pixels.reshape(config["batch"], 1, SIDE, SIDE)).float()
    if config["levels"] == 2:
        images = (images >= 128).float()
    serve_steps(model, optimizers, lambda: model.losses(images) if isinstance(model, Dcgan) else [model(images)], **about)


def samples_of(model, config, about):
    with torch.no_grad():
        serve(model, lambda: model.sample(config["batch"]).mean().item(), **about)


def main():
    config = json.loads(sys.argv[1])
    torch.set_num_threads(config["threads"])
    torch.manual_seed(1)
    model = MODELS[config["model"]](**config["settings"])
    work = {"step": steps_of, "sample": samples_of}[config["work"]]
    work(model, config, {"oneDNN": torch.backends.mkldnn.is_available()})


main()
