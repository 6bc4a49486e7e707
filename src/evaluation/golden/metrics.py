"""Golden values of metrics.test.ts, straight from the formulas in numpy. Run: python3 metrics.py > metrics.json"""

import json

import numpy as np

random = np.random.default_rng(7)


def features(count, size, shift):
    """Correlated, not Gaussian, one feature that never varies: as rectified features are."""
    mixing = random.normal(size=(size, size))
    rows = np.maximum(random.normal(size=(count, size)) @ mixing + shift, 0)
    rows[:, 0] = 0
    return rows.astype(np.float32).astype(np.float64)


def root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T


def frechet(a, b):
    """Through the general eigenvalues of the product, which our own way does not use."""
    product = np.linalg.eigvals(np.cov(a.T) @ np.cov(b.T))
    trace = np.sqrt(np.maximum(product.real, 0)).sum()
    difference = a.mean(0) - b.mean(0)
    return difference @ difference + np.trace(np.cov(a.T)) + np.trace(np.cov(b.T)) - 2 * trace


def kernel(a, b):
    return (a @ b.T / a.shape[1] + 1) ** 3


def discrepancy(a, b):
    n, m = len(a), len(b)
    xx, yy, xy = kernel(a, a), kernel(b, b), kernel(a, b)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return within - 2 * xy.mean()


def distances(a, b):
    return np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(-1))


def precision_recall(real, made, k=3):
    def radii(rows):
        return np.sort(distances(rows, rows), axis=1)[:, k]

    cross = distances(real, made)
    precision = (cross <= radii(real)[:, None]).any(0).mean()
    recall = (cross <= radii(made)[None, :]).any(1).mean()
    return dict(precision=precision, recall=recall)


def ssim(a, b, largest=255.0, side=11, deviation=1.5):
    """One window at a time, as in the paper."""
    taps = np.exp(-((np.arange(side) - side // 2) ** 2) / (2 * deviation**2))
    window = np.outer(taps, taps) / np.outer(taps, taps).sum()
    c1, c2 = (0.01 * largest) ** 2, (0.03 * largest) ** 2
    values = []
    for channel in range(a.shape[0]):
        for y in range(a.shape[1] - side + 1):
            for x in range(a.shape[2] - side + 1):
                p, q = a[channel, y : y + side, x : x + side], b[channel, y : y + side, x : x + side]
                mp, mq = (window * p).sum(), (window * q).sum()
                vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                cov = (window * (p - mp) * (q - mq)).sum()
                values.append((2 * mp * mq + c1) * (2 * cov + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    return np.mean(values)


def psnr(a, b, largest=255.0):
    return 10 * np.log10(largest**2 / ((a - b) ** 2).mean())


def numbers(array):
    return [float(np.format_float_positional(value, unique=True)) for value in np.asarray(array, np.float32).ravel()]


# Far from the origin, a covariance from sums of squares in float32 would be lost; few rows make one singular.
cases = []
for name, (n, m), size, shift in [("usual", (40, 50), 6, 0.3), ("singular", (8, 9), 12, 0.5), ("far", (30, 30), 4, 3000.0)]:
    real, made = features(n, size, shift), features(m, size, shift + 0.4)
    cases.append(
        dict(
            name=name,
            size=size,
            real=numbers(real),
            made=numbers(made),
            mean=list(real.mean(0)),
            covariance=list(np.cov(real.T).ravel()),
            frechet=frechet(real, made),
            kernel=discrepancy(real, made),
            **precision_recall(real, made),
        )
    )

# One tight cluster made, of the two that are real: all made images are true, half of the real ones are missed.
left = random.normal(size=(20, 2)).astype(np.float32).astype(np.float64)
both = np.concatenate([left + 0.1, left + 100]).astype(np.float32).astype(np.float64)
lost = dict(size=2, real=numbers(both), made=numbers(left), **precision_recall(both, left))

shape = (2, 14, 13)
original = np.round(random.uniform(0, 255, size=shape))
noisy = np.clip(np.round(original * 0.8 + random.normal(size=shape) * 20 + 15), 0, 255)
images = dict(shape=shape, original=numbers(original), noisy=numbers(noisy), ssim=ssim(original, noisy), psnr=psnr(original, noisy))

print(json.dumps(dict(cases=cases, lost=lost, images=images)))
