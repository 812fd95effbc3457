"""Runs a bundle on random input: PYTHONPATH=../../python python3 run.py model.kdb"""
import sys

import numpy

from kdc_runtime import Model

with Model(sys.argv[1]) as model:
    random = numpy.random.default_rng(0)
    inputs = {port.name: (random.random(port.shape) * 2 - 1).astype(port.dtype) for port in model.inputs}
    for name, array in model.run(inputs, threads=0).items():
        print(name, array.dtype, array.shape, "first values:", array.ravel()[:4])
