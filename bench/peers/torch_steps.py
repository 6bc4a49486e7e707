"""Training steps of a PyTorch model on one fixed batch, asked for and answered in JSON lines."""

import json
import resource
import sys
import time

import torch


def serve_steps(model, optimizers, losses_of, **about):
    """Says what it is; then each line "n" on stdin runs n steps and answers {"milliseconds", "loss", "peakBytes"}.

    A step takes the losses of losses_of() one after the other, each with an optimizer of its own; the first is told.
    """
    parameters = sum(p.numel() for p in model.parameters())
    print(json.dumps({"version": torch.__version__, "parameters": parameters, **about}), flush=True)
    for line in sys.stdin:
        milliseconds, loss = [], None
        for _ in range(int(line)):
            started = time.perf_counter()
            found = []
            for optimizer, each in zip(optimizers, losses_of()):
                optimizer.zero_grad(set_to_none=True)
                each.backward()
                optimizer.step()
                found.append(each.item())
            loss = found[0]
            milliseconds.append((time.perf_counter() - started) * 1000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"milliseconds": milliseconds, "loss": loss, "peakBytes": peak}), flush=True)
