"""The same points by the PyPI package `chinchilla`, as its README says, and with the objective of
the paper, which it also offers.

Reads rows of N, D and loss, prints one JSON object. Called by `run`; times are CPU seconds of
`fit`, without imports and in one process.
"""

import argparse
import contextlib
import csv
import functools
import json
import os
import sys
import tempfile
import time
from importlib.metadata import version

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["MPLBACKEND"] = "Agg"

import numpy as np
from chinchilla import Chinchilla
from chinchilla._metrics import asymmetric_mae, log_huber

OBJECTIVES = {"default": asymmetric_mae, "log_huber": functools.partial(log_huber, delta=1e-3)}


def fit(folder, objective, n):
    """The grid of the README with n values a parameter: 5 there, hence 3,125 starts."""
    with contextlib.redirect_stdout(sys.stderr):
        fitted = Chinchilla(
            folder,
            param_grid=dict(
                E=np.linspace(1, 2, n),
                a=np.linspace(1, 10, n),
                b=np.linspace(1, 10, n),
                alpha=np.linspace(0.1, 0.7, n),
                beta=np.linspace(0.1, 0.7, n),
            ),
            loss_fn=OBJECTIVES[objective],
            log_level=60,
        )
        began = time.process_time()
        fitted.fit(parallel=False)
        cpu = time.process_time() - began
    return fitted, cpu


def huber(theta, rows):
    """The paper's objective at the package's answer."""
    n, d, loss = (rows[:, i] for i in range(3))
    r = np.abs(np.log(theta["E"] + theta["A"] / n ** theta["α"] + theta["B"] / d ** theta["β"])
               - np.log(loss))
    return float(np.where(r < 1e-3, r * r / 2, 1e-3 * (r - 5e-4)).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows")
    parser.add_argument("--objective", choices=list(OBJECTIVES), default="default")
    parser.add_argument("--values", type=int, default=2)
    args = parser.parse_args()
    np.seterr(all="ignore")
    with open(args.rows, newline="") as file:
        rows = np.array([[float(row[name]) for name in ("params", "tokens", "loss")]
                         for row in csv.DictReader(file)])
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "df.csv"), "w") as file:
            file.write("C,N,D,loss\n")
            for n, d, loss in rows:
                file.write(f"{6 * n * d!r},{n!r},{d!r},{loss!r}\n".replace("np.float64(", "")
                           .replace(")", ""))
        fitted, cpu = fit(folder, args.objective, args.values)
    theta = {"E": float(fitted.E), "A": float(fitted.A), "B": float(fitted.B),
             "α": float(fitted.alpha), "β": float(fitted.beta)}
    n_starts = args.values ** 5
    found = {
        "theta": theta,
        "objective": huber(theta, rows),
        "n_starts": n_starts,
        "cpu_s": cpu,
        "cpu_s_per_start": cpu / n_starts,
    }
    print(json.dumps({"found": found, "versions": {"chinchilla": version("chinchilla")}}))


if __name__ == "__main__":
    main()
