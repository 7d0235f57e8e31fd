"""Exponential smoothing, and models that were trained elsewhere."""

import pickle
import subprocess


def forecast(sold, weight=0.6):
    level = sold[0]
    for number in sold[1:]:
        level = weight * number + (1 - weight) * level
    return round(level, 1)


def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def fetch(name):
    subprocess.run("gsutil cp gs://quayside-models/" + name + " .", shell=True, check=True)
