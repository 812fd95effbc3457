#!/usr/bin/env python3
"""Copies a small selection of ONNX's node tests to Tests/Fixtures/onnx-node.

    select_node_tests.py FOLDER    FOLDER holds test_*/, as the package onnx has in onnx/backend/test/data/node

Of the cases in Tests/kdcTests/ONNXNode/passing.txt it takes, for every operator, those of at most 6 KB up to a number that is
larger for operators with many variants. Needs the Python package onnx.
"""
import os
import shutil
import sys
from collections import defaultdict

import onnx

HERE = os.path.dirname(os.path.abspath(__file__))
MANY = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "Resize", "GRU", "LSTM", "Gemm", "MatMul", "Slice", "Pad"}
LARGEST = 6000


def size(folder):
    return sum(os.path.getsize(os.path.join(a, f)) for a, _, fs in os.walk(folder) for f in fs)


def main():
    source, target = sys.argv[1], os.path.join(HERE, "onnx-node")
    by_op = defaultdict(list)
    for name in open(os.path.join(HERE, "../kdcTests/ONNXNode/passing.txt")).read().split():
        folder = os.path.join(source, name)
        ops = {n.op_type for n in onnx.load(folder + "/model.onnx").graph.node}
        if len(ops) == 1 and "expanded" not in name and size(folder) <= LARGEST:
            by_op[ops.pop()].append(name)
    shutil.rmtree(target, ignore_errors=True)
    total = 0
    for op, names in sorted(by_op.items()):
        limit = 12 if op in MANY else 3
        # Spread over the alphabet, so that the variants differ.
        step = max(1, len(names) / limit)
        for name in sorted({names[int(i * step)] for i in range(min(limit, len(names)))}):
            shutil.copytree(os.path.join(source, name), os.path.join(target, name))
            total += size(os.path.join(target, name))
    print(len(os.listdir(target)), "cases,", total, "bytes;", len(by_op), "operators")


main()
