"""Training steps of a PyTorch model on one fixed batch, asked for and answered in JSON lines."""

import json
import resource
import sys
import time

import torch


def serve_steps(model, optimizer, loss_of, **about):
    """Says what it is; then each line "n" on stdin runs n steps of loss_of() and answers {"milliseconds", "loss", "peakBytes"}."""
    parameters = sum(p.numel() for p in model.parameters())
    print(json.dumps({"version": torch.__version__, "parameters": parameters, **about}), flush=True)
    for line in sys.stdin:
        milliseconds, loss = [], None
        for _ in range(int(line)):
            started = time.perf_counter()
            loss = loss_of()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            loss = loss.item()
            milliseconds.append((time.perf_counter() - started) * 1000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"milliseconds": milliseconds, "loss": loss, "peakBytes": peak}), flush=True)
