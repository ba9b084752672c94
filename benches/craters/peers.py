"""Crater detectors of others, each on the same pictures, each with a small grid of settings. Knows no labels.

Called by `run` in the environment that has them: `peers.py PICTURES.json OUT.json [--only NAME,…]`, where
PICTURES.json is a list of {"name", "path"}. Writes for each detector and setting the circles that it finds
([x, y, radius, score] in pixels, centres of pixels at .5) and the processor seconds that it took.
"""

import argparse
import json
import os
import resource
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import cv2
import numpy as np
from skimage import feature, io, measure, morphology, segmentation, transform

SMALLEST, LARGEST = 5, 60  # radii in pixels that the general detectors look for


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures")
    parser.add_argument("out")
    parser.add_argument("--only", default=",".join(name for name in DETECTORS if name != "pycda-unet"))
    args = parser.parse_args()
    with open(args.pictures) as file:
        pictures = json.load(file)
    chosen = [name for name in DETECTORS if name in args.only.split(",")]
    found = {name: measured(name, pictures) for name in chosen}
    with open(args.out, "w") as file:
        json.dump(found, file)


def measured(name, pictures):
    """Every setting of one detector on every picture."""
    settings = []
    for setting in DETECTORS[name]["settings"]:
        detect = DETECTORS[name]["make"](**setting)
        tiles = []
        for picture in pictures:
            grey = read(picture["path"])
            before = processor_seconds()
            circles = detect(grey)
            tiles.append({"name": picture["name"], "megapixels": grey.size / 1e6,
                          "cpu_s": processor_seconds() - before,
                          "detections": [[round(float(v), 3) for v in circle] for circle in circles]})
            print(f"{name} {setting} {picture['name']}: {len(circles)} circles, {tiles[-1]['cpu_s']:.1f} CPU-s",
                  file=sys.stderr, flush=True)
        settings.append({"setting": setting, "tiles": tiles})
    return settings


def read(path):
    """The picture as grey bytes, stretched as little as its depth asks for."""
    picture = io.imread(path).astype(float)
    if picture.ndim == 3:
        # Planes first (a survey's scene) or last (a picture): the visible ones, averaged.
        picture = picture[..., :3].mean(axis=2) if picture.shape[2] <= 8 else picture[:3].mean(axis=0)
    if picture.max() > 255:
        low, high = np.quantile(picture, [0.005, 0.995])
        picture = 255 * np.clip((picture - low) / (high - low), 0, 1)
    return picture.astype(np.uint8)


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def blobs(find, to_radius):
    """A blob finder of scikit-image, for bright and for dark blobs. Its score is the contrast of the circle."""
    def detect(grey):
        image = grey / 255.0
        rows = [row for picture in (image, 1 - image) for row in find(picture)]
        return [[x + 0.5, y + 0.5, s * to_radius, contrast(image, x, y, s * to_radius)] for y, x, s in rows]
    return detect


def contrast(image, x, y, radius):
    """How far the inside differs from the ring around it; these detectors give no score of their own."""
    reach = int(1.5 * radius) + 1
    top, left = max(0, int(y) - reach), max(0, int(x) - reach)
    part = image[top:int(y) + reach + 1, left:int(x) + reach + 1]
    rows, columns = np.ogrid[:part.shape[0], :part.shape[1]]
    distance = np.hypot(rows + top - y, columns + left - x)
    inside, ring = part[distance <= radius], part[(distance > radius) & (distance <= 1.5 * radius)]
    return abs(float(inside.mean() - ring.mean())) if inside.size and ring.size else 0.0


def hough(method, param1, param2):
    def detect(grey):
        blurred = cv2.GaussianBlur(grey, (0, 0), 1.5)
        circles = cv2.HoughCircles(blurred, method, dp=1, minDist=8, param1=param1, param2=param2,
                                   minRadius=SMALLEST, maxRadius=LARGEST)
        # They come strongest first; the rank is the score.
        circles = [] if circles is None else circles[0]
        return [[c[0] + 0.5, c[1] + 0.5, c[2], 1 - i / len(circles)] for i, c in enumerate(circles)]
    return detect


def simple_blobs(min_circularity):
    def detect(grey):
        found = []
        for colour in (0, 255):
            params = cv2.SimpleBlobDetector_Params()
            params.filterByColor, params.blobColor = True, colour
            params.minArea, params.maxArea = np.pi * SMALLEST**2, np.pi * LARGEST**2
            params.minCircularity, params.minDistBetweenBlobs = min_circularity, 5
            found += cv2.SimpleBlobDetector_create(params).detect(grey)
        image = grey / 255.0
        return [[k.pt[0] + 0.5, k.pt[1] + 0.5, k.size / 2, contrast(image, *k.pt, k.size / 2)] for k in found]
    return detect


def edge_circles(sigma, n_peaks):
    def detect(grey):
        edges = feature.canny(grey / 255.0, sigma)
        radii = np.unique(np.geomspace(SMALLEST, LARGEST, 12).round().astype(int))
        votes = transform.hough_circle(edges, radii)
        strength, x, y, radius = transform.hough_circle_peaks(votes, radii, min_xdistance=6, min_ydistance=6,
                                                              total_num_peaks=n_peaks)
        return [[a + 0.5, b + 0.5, c, s] for s, a, b, c in zip(strength, x, y, radius)]
    return detect


def pycda(detector):
    """PyCDA 0.1.16 as it comes, but for two functions of scikit-image that were renamed since."""
    if not hasattr(morphology, "watershed"):
        morphology.watershed = segmentation.watershed
        label = measure.label
        measure.label = lambda image, neighbors=4, **rest: label(image, connectivity=neighbors // 4, **rest)
    from pycda import CDA
    pipeline = CDA(detector=detector)

    def detect(grey):
        pipeline.predictions = []
        rows = pipeline.get_prediction(grey).proposals
        return [[row["long"] + 0.5, row["lat"] + 0.5, row["diameter"] / 2, row["likelihood"]]
                for _, row in rows.iterrows()]
    return detect


SIGMAS = {"min_sigma": SMALLEST / 1.5, "max_sigma": 20}
DETECTORS = {
    "pycda-tiny": {"make": pycda, "settings": [{"detector": "tiny"}]},
    "pycda-unet": {"make": pycda, "settings": [{"detector": "unet"}]},
    "skimage-blob_log": {
        "make": lambda threshold: blobs(
            lambda image: feature.blob_log(image, num_sigma=8, threshold=threshold, **SIGMAS), 2**0.5),
        "settings": [{"threshold": t} for t in (0.03, 0.06, 0.12)]},
    "skimage-blob_doh": {
        "make": lambda threshold: blobs(
            lambda image: feature.blob_doh(image, num_sigma=8, threshold=threshold, **SIGMAS), 1.0),
        "settings": [{"threshold": t} for t in (0.001, 0.003)]},
    "cv2-hough-gradient": {
        "make": lambda param2: hough(cv2.HOUGH_GRADIENT, 120, param2),
        "settings": [{"param2": p} for p in (12, 16, 22)]},
    "cv2-hough-gradient-alt": {
        "make": lambda param2: hough(cv2.HOUGH_GRADIENT_ALT, 200, param2),
        "settings": [{"param2": p} for p in (0.3, 0.5, 0.7)]},
    "cv2-simple-blob": {
        "make": simple_blobs, "settings": [{"min_circularity": c} for c in (0.3, 0.6)]},
    "skimage-canny-hough": {
        "make": edge_circles,
        "settings": [{"sigma": s, "n_peaks": 2000} for s in (1.5, 2.5)]},
}

if __name__ == "__main__":
    main()
