"""The same fits by SciPy, written as well as we know how: analytic gradients, one thread, no Python
in the inner loop but what SciPy itself needs.

Reads rows of N, D and loss, prints one JSON object. Called by `run`; times are CPU seconds of the
work alone, without starting Python and importing NumPy.
"""

import argparse
import csv
import itertools
import json
import os
import time

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
import scipy
from scipy.optimize import minimize
from scipy.special import logsumexp

DELTA = 1e-3
# SciPy compares the gain of a step with max(|f|, 1): at an objective of 1e-3 the default of
# 2.2e-9 is far too loose, whatever the gradient (see `tolerance`).
TIGHT = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000, "maxfun": 20000}
# Hoffmann et al. 2022, TeX source: ln A, ln B, ln E, alpha, beta.
HOFFMANN = np.array([6.0073404, 6.0179186, 0.5267228, 0.33917084, 0.2849083])


class Rows:
    def __init__(self, path):
        with open(path, newline="") as file:
            rows = [[float(row[name]) for name in ("params", "tokens", "loss")]
                    for row in csv.DictReader(file)]
        n, d, loss = np.array(rows).T
        self.ln_n, self.ln_d, self.ln_loss = np.log(n), np.log(d), np.log(loss)
        self.weight = np.ones_like(loss)


def chinchilla(p, rows):
    """Sum of Huber over r = ln L - ln loss, and its gradient by (ln A, ln B, ln E, alpha, beta)."""
    a, b, e, alpha, beta = p
    size, data, floor = np.exp(a - alpha * rows.ln_n), np.exp(b - beta * rows.ln_d), np.exp(e)
    loss = size + data + floor
    r = np.log(loss) - rows.ln_loss
    psi = np.minimum(np.maximum(r, -DELTA), DELTA)
    weighted = rows.weight * psi
    by_loss = weighted / loss
    size *= by_loss
    data *= by_loss
    return weighted @ (r - 0.5 * psi), np.array(
        [size.sum(), data.sum(), floor * by_loss.sum(), -(size @ rows.ln_n), -(data @ rows.ln_d)])


def chinchilla_logsumexp(p, rows):
    """The same as most people write it, with scipy.special.logsumexp as in the paper's text."""
    a, b, e, alpha, beta = p
    terms = np.stack([a - alpha * rows.ln_n, b - beta * rows.ln_d, np.full_like(rows.ln_n, e)])
    ln_loss = logsumexp(terms, axis=0)
    share = np.exp(terms - ln_loss)
    r = ln_loss - rows.ln_loss
    size = np.abs(r)
    value = np.where(size < DELTA, 0.5 * r * r, DELTA * (size - 0.5 * DELTA))
    psi = rows.weight * np.clip(r, -DELTA, DELTA)
    by = psi * share
    return (rows.weight * value).sum(), np.array(
        [by[0].sum(), by[1].sum(), by[2].sum(), -(by[0] * rows.ln_n).sum(),
         -(by[1] * rows.ln_d).sum()])


def skaling(p, rows):
    """The same for (A/N^alpha + B/D^beta)^k + E, by (ln A, ln B, ln E, alpha, beta, ln k)."""
    a, b, e, alpha, beta, ln_k = p
    k = np.exp(ln_k)
    size, data, floor = np.exp(a - alpha * rows.ln_n), np.exp(b - beta * rows.ln_d), np.exp(e)
    total = size + data
    ln_total = np.log(total)
    power = np.exp(k * ln_total)
    loss = power + floor
    r = np.log(loss) - rows.ln_loss
    psi = np.minimum(np.maximum(r, -DELTA), DELTA)
    weighted = rows.weight * psi
    by_loss = weighted / loss
    by_total = by_loss * k * power / total
    size *= by_total
    data *= by_total
    return weighted @ (r - 0.5 * psi), np.array(
        [size.sum(), data.sum(), floor * by_loss.sum(), -(size @ rows.ln_n), -(data @ rows.ln_d),
         k * (by_loss * power) @ ln_total])


def descend(objective, rows, start, options):
    return minimize(objective, start, args=(rows,), jac=True, method="L-BFGS-B", options=options)


def hoffmann_grid():
    """Hoffmann et al. 2022, appendix D.3: 4,500 starts."""
    exponents = (0.0, 0.5, 1.0, 1.5, 2.0)
    coefficients = (0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
    floors = (-1.0, -0.5, 0.0, 0.5, 1.0)
    return list(itertools.product(coefficients, coefficients, floors, exponents, exponents))


def spread(items, n):
    """n of the items, evenly."""
    return [items[i * len(items) // n] for i in range(min(n, len(items)))]


def named(p):
    a, b, e, alpha, beta = (float(x) for x in p[:5])
    theta = {"E": float(np.exp(e)), "A": float(np.exp(a)), "B": float(np.exp(b)),
             "α": alpha, "β": beta}
    if len(p) == 6:
        theta["k"] = float(np.exp(p[5]))
    return theta


def intervals(draws):
    quantiles = lambda values, low, high: [float(q) for q in np.quantile(values, [low, high])]
    found = {name: quantiles([d[name] for d in draws], 0.025, 0.975) for name in draws[0]}
    exponents = [d["β"] / (d["α"] + d["β"]) for d in draws]
    return {"95 %": found, "a, 80 %": quantiles(exponents, 0.1, 0.9)}


def bootstrap(objective, rows, optimum, n, options, seed):
    random = np.random.default_rng(seed)
    n_rows, draws = len(rows.ln_n), []
    for _ in range(n):
        drawn = random.integers(0, n_rows, n_rows)
        rows.weight = np.bincount(drawn, minlength=n_rows).astype(float)
        draws.append(named(descend(objective, rows, optimum, options).x))
    rows.weight = np.ones(n_rows)
    return draws


def grid(args, rows):
    """From every start of the grid to the optimum, then the bootstrap from there."""
    objective = chinchilla_logsumexp if args.form == "logsumexp" else chinchilla
    starts = spread(hoffmann_grid(), args.starts)
    began = time.process_time()
    ends = [descend(objective, rows, np.array(start), TIGHT) for start in starts]
    cpu_grid = time.process_time() - began
    best = min((e for e in ends if np.isfinite(e.fun)), key=lambda e: e.fun)
    began = time.process_time()
    draws = bootstrap(objective, rows, best.x, args.bootstrap, TIGHT, args.seed)
    cpu_bootstrap = time.process_time() - began
    return {
        "theta": named(best.x),
        "n_rows": len(rows.ln_loss),
        "objective": float(best.fun),
        "n_starts": len(starts),
        "n_reached": sum(bool(e.fun <= best.fun + 1e-8) for e in ends),
        "n_calls": int(sum(e.nfev for e in ends)),
        "n_bootstrap": len(draws),
        "cpu_s_grid": cpu_grid,
        "cpu_s_bootstrap": cpu_bootstrap,
        "intervals": intervals(draws) if draws else None,
    }


def tolerance(args, rows):
    """What SciPy's defaults do from Hoffmann's start: {numeric, analytic} x {default, tight}."""
    found = []
    for gradient in ("numeric", "analytic"):
        for tolerances in ("default", "tight"):
            options = TIGHT if tolerances == "tight" else {}
            analytic = gradient == "analytic"
            objective = chinchilla if analytic else lambda p, r: chinchilla(p, r)[0]
            go = lambda start: minimize(objective, start, args=(rows,), jac=analytic or None,
                                        method="L-BFGS-B", options=options)
            end = go(HOFFMANN)
            random, n_rows, exponents = np.random.default_rng(args.seed), len(rows.ln_n), []
            for _ in range(args.bootstrap):
                drawn = random.integers(0, n_rows, n_rows)
                rows.weight = np.bincount(drawn, minlength=n_rows).astype(float)
                p = go(HOFFMANN).x
                exponents.append(p[4] / (p[3] + p[4]))
            rows.weight = np.ones(n_rows)
            found.append({
                "gradient": gradient,
                "tolerances": tolerances,
                "theta": named(end.x),
                "objective": float(end.fun),
                "says": str(end.message),
                "n_calls": int(end.nfev),
                "a": float(end.x[4] / (end.x[3] + end.x[4])),
                "a, 80 %": [float(q) for q in np.quantile(exponents, [0.1, 0.9])]
                if exponents else None,
                "n_bootstrap": len(exponents),
            })
    return found


def blind(args, rows):
    """Chinchilla and Skaling from random starts, for the comparison on unseen compute."""
    random = np.random.default_rng(args.seed)
    found = {}
    for name, objective, n in (("chinchilla", chinchilla, 5), ("skaling", skaling, 6)):
        ends = []
        for _ in range(args.starts):
            start = np.array([random.uniform(0, 20), random.uniform(0, 20),
                              random.uniform(-1.5, 1.0), random.uniform(0.05, 1.5),
                              random.uniform(0.05, 1.5), random.uniform(-1.5, 0.3)])[:n]
            if name == "skaling":
                # A term is a share of the loss raised to 1/k: so are its coefficient and exponent.
                start[[0, 1, 3, 4]] /= np.exp(start[5])
            # The published bounds of Skaling's k; none bind on Chinchilla.
            bounds = [(-14, 70), (-14, 70), (-20, 3), (0.01, 3), (0.01, 3),
                      (np.log(0.01), np.log(2.0))][:n]
            end = minimize(objective, start, args=(rows,), jac=True, method="L-BFGS-B",
                           options=TIGHT, bounds=bounds)
            if np.isfinite(end.fun):
                ends.append(end)
        best = min(ends, key=lambda e: e.fun)
        found[name] = {"theta": named(best.x), "objective": float(best.fun)}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["grid", "tolerance", "blind"])
    parser.add_argument("rows")
    parser.add_argument("--form", choices=["plain", "logsumexp"], default="plain")
    parser.add_argument("--starts", type=int, default=4500)
    parser.add_argument("--bootstrap", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    np.seterr(all="ignore")
    found = {"grid": grid, "tolerance": tolerance, "blind": blind}[args.what](args, Rows(args.rows))
    versions = {"scipy": scipy.__version__, "numpy": np.__version__}
    print(json.dumps({"found": found, "versions": versions}))


if __name__ == "__main__":
    main()
