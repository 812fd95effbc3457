"""load.py MODULES ONE TWO FLIPS: what load.c does for C, for the Python module; and models that are closed while they run. Prints "ok"."""
import gc
import os
import random
import sys
import threading

import numpy

sys.path.insert(0, sys.argv[1])
from kdc_runtime import Model, ModelError

bundles = [(open(path, "rb").read(), answer) for path, answer in zip(sys.argv[2:4], (1, 10))]
ones = {"x": numpy.ones((1, 8), numpy.float32)}
LOADERS = 6


def answer(model):
    return model.run(ones, threads=2)["y"][0, 0]


def written(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def load(number, data):
    way = number % 5
    if way == 0:
        return Model.from_bytes(data)
    if way == 1:
        os.replace(written("new.kdb", data), "model.kdb")
        return Model("model.kdb")
    if way == 2:
        return Model(written("model.kdb", data))
    if way == 3:
        folder = str(data is bundles[0][0])
        os.makedirs(folder, exist_ok=True)
        os.chdir(folder)
        model = Model(written("model.kdb", data))
        os.chdir("..")
        return model
    if os.path.lexists("link.kdb"):
        os.unlink("link.kdb")
    os.symlink(written(f"{data is bundles[0][0]}.kdb", data), "link.kdb")
    return Model("link.kdb")


def in_threads(work):
    faults = []

    def guarded(number):
        try:
            work(number)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(LOADERS)]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


kept = {}
for number in range(1000):
    data, wanted = bundles[number * 7 // 3 % 2]
    kept[number % 3] = model = load(number, data)
    assert answer(model) == wanted, (number, answer(model), wanted)
    if number % 4 == 0:
        model.close()
del model
kept.clear()


def load_often(number):
    for index in range(30):
        data, wanted = bundles[(index + number) % 2]
        with Model.from_bytes(data) as model:
            assert answer(model) == wanted


for _ in in_threads(load_often):
    pass

for _ in range(20):
    shared, running = Model.from_bytes(bundles[0][0]), threading.Semaphore(0)

    def run_until_closed(_):
        running.release()
        while True:
            try:
                assert answer(shared) == 1
            except ModelError as error:
                assert "closed" in str(error), error
                return

    for _ in in_threads(run_until_closed):
        for _ in range(LOADERS):
            running.acquire()
        shared.close()
        shared.close()
del shared

gc.collect()
with open("/proc/self/maps") as maps:
    assert "model.kdb" not in maps.read(), "a bundle is still mapped"

whole, chance = bundles[0][0], random.Random(1)
for _ in range(int(sys.argv[4])):
    flipped = bytearray(whole)
    flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    for damaged in flipped, whole[:chance.randrange(len(whole))]:
        try:
            Model.from_bytes(damaged)
        except ModelError:
            continue
        raise SystemExit("a damaged bundle was loaded")

for path, status in ("/nonexistent", 7), ("/etc/passwd", 13), ("/proc/self/exe", 13), ("/", 13), ("/dev/null", 13):
    try:
        Model(path)
    except ModelError as error:
        assert error.status == status, (path, error.status)
    else:
        raise SystemExit(f"loaded {path}")
print("ok")
