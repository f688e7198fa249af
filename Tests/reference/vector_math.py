#!/usr/bin/env python3
"""Polynomial coefficients of Sources/KernelTemplates/VectorMath (needs mpmath).

Each is the minimax polynomial of a function over an interval under a weight, found by Remez's exchange in 60 digits. The
coefficients are rounded to single precision all together, or one after the other from the one that weighs most with the
others fitted anew after each rounding, so that they take up the error of those already rounded: whichever comes out better.
"""
import struct
from mpmath import cos, erfc, exp, log, log1p, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 60


def single(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def remez(f, weight, powers, low, high, rounds=8):
    """The minimax fit of f by sum c_i x^powers[i] on [low, high], and its largest weighted error."""
    n = len(powers)
    middle = (low + high) / 2 + (high - low) / 97  # off the centre: the weight may vanish there
    xs = [middle - (high - low) * mpf("0.48") * cos(pi * (2 * i + 1) / (2 * (n + 1))) for i in range(n + 1)]
    grid = [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf(1) / 2) / 800) for i in range(800)]
    values = [(x, f(x), weight(x)) for x in grid]
    for _ in range(rounds):
        a, b = matrix(n + 1, n + 1), matrix(n + 1, 1)
        for i, x in enumerate(xs):
            for j, p in enumerate(powers):
                a[i, j] = x**p
            a[i, n] = (-1) ** i / weight(x)
            b[i] = f(x)
        solution = lu_solve(a, b)
        c = [solution[i] for i in range(n)]
        errors = [(sum(ci * x**p for ci, p in zip(c, powers)) - v) * w for x, v, w in values]
        extremes, start = [], 0
        for i in range(1, len(errors) + 1):
            if i == len(errors) or (errors[i] > 0) != (errors[start] > 0):
                extremes.append(max(range(start, i), key=lambda k: abs(errors[k])))
                start = i
        while len(extremes) > n + 1:
            extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
        if len(extremes) < n + 1:
            break
        xs = [grid[k] for k in extremes]
    return c, max(abs(e) for e in errors)


def fit(name, f, weight, powers, low, high):
    """Prints the coefficients of `powers`, the one that weighs most first, rounded to single precision."""
    low, high = mpf(low), mpf(high)
    points = [low + (high - low) * i / 3999 for i in range(1, 3999)]

    def worst(pairs):
        return max(abs(sum(c * x**p for c, p in pairs) - f(x)) * weight(x) for x in points)

    c, error = remez(f, weight, list(powers), low, high)
    together = [(single(ci), p) for ci, p in zip(c, powers)]
    one_by_one, left = [], list(powers)
    while left:
        fixed = list(one_by_one)
        c, _ = remez(lambda x: f(x) - sum(ci * x**p for ci, p in fixed), weight, left, low, high)
        one_by_one.append((single(c[0]), left.pop(0)))
    rounded, done = min((worst(pairs), pairs) for pairs in (together, one_by_one))
    print(f"// {name}: error 2^{float(log(error, 2)):.1f}, with rounded coefficients 2^{float(log(rounded, 2)):.1f}")
    for c, p in done:
        print(f"//   x^{p}: {float(c).hex()}  {float(c)!r}")


if __name__ == "__main__":
    half = log(2) / 2 * mpf("1.0001")
    fit("exp: (exp(x) - 1 - x) / x^2", lambda x: (exp(x) - 1 - x) / x**2, lambda x: x**2 / exp(x), range(5), -half, half)
    fit(
        "log: (log1p(x) - x + x^2/2) / x^3",
        lambda x: (log1p(x) - x + x**2 / 2) / x**3,
        lambda x: abs(x**3 / log1p(x)),
        range(8),
        sqrt(mpf(1) / 2) - 1,
        sqrt(mpf(2)) - 1,
    )
    edge = mpf("0.921875")
    fit(
        "erf below: erf(x)/x - 1 in z = x^2",
        lambda z: (1 - erfc(sqrt(z))) / sqrt(z) - 1,
        lambda z: sqrt(z) / (1 - erfc(sqrt(z))),
        range(6),
        mpf("1e-12"),
        edge**2,
    )
    fit(
        "erf above: -log(erfc(x))",
        lambda x: -log(erfc(x)),
        lambda x: erfc(x) / (1 - erfc(x)),
        range(6),
        edge,
        mpf("3.95"),
    )
    # Mills' ratio: normal(-t) = exp(-t^2/2) * u * P(u), u = 1/(1 + 0.3 t)
    s = mpf("0.3")

    def tail(u):
        t = (1 / u - 1) / s
        return erfc(t / sqrt(2)) / 2 * exp(t * t / 2) / u

    fit("normal tail in u = 1/(1 + 0.3 t)", tail, lambda u: 1 / tail(u), range(10), 1 / (1 + mpf("14.5") * s), 1)
