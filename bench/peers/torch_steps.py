"""Work of a PyTorch model, asked for and answered in JSON lines."""

import json
import resource
import sys
import time

import torch


def serve(model, work, **about):
    """Says what it is; then each line "n" on stdin does the work n times and answers {"milliseconds", "value", "peakBytes"}.

    The value is what the work returned at last: a training step's loss.
    """
    parameters = sum(p.numel() for p in model.parameters())
    print(json.dumps({"version": torch.__version__, "parameters": parameters, **about}), flush=True)
    for line in sys.stdin:
        milliseconds, value = [], None
        for _ in range(int(line)):
            started = time.perf_counter()
            value = work()
            milliseconds.append((time.perf_counter() - started) * 1000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"milliseconds": milliseconds, "value": value, "peakBytes": peak}), flush=True)


def serve_steps(model, optimizers, losses_of, **about):
    """Training steps on one fixed batch.

    A step takes the losses of losses_of() one after the other, each with an optimizer of its own; the first is told.
    """

    def step():
        found = []
        for optimizer, each in zip(optimizers, losses_of()):
            optimizer.zero_grad(set_to_none=True)
            each.backward()
            optimizer.step()
            found.append(each.item())
        return found[0]

    serve(model, step, **about)
