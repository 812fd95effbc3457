"""Run models compiled by kdc: a bundle (model.kdb) is loaded with ctypes, NumPy arrays go in and come out.

    from kdc_runtime import Model
    model = Model("model.kdb")
    scores = model.run({"input": image})["logits"]

Nothing but NumPy is needed; the bundle holds the code, the weights and the runtime. A bundle that is cut short, altered or none at
all is refused before any of its code runs.
"""
import ctypes
import json
import os
import threading
from collections import namedtuple

import numpy

from ._library import Library, ModelError, read_file

__all__ = ["Model", "ModelError", "Port"]

_TYPES = {1: numpy.float32, 2: numpy.int8, 3: numpy.uint8, 4: numpy.int32, 5: numpy.int64, 6: numpy.bool_}

#: An input or output: name, NumPy dtype, shape as a tuple.
Port = namedtuple("Port", "name dtype shape")


class _Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_uint32), ("rank", ctypes.c_uint32),
                ("shape", ctypes.c_int64 * 8), ("bytes", ctypes.c_uint64)]


class _Info(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("variant", ctypes.c_char_p),
                ("input_count", ctypes.c_uint32), ("output_count", ctypes.c_uint32), ("step_count", ctypes.c_uint32),
                ("arena_bytes", ctypes.c_uint64), ("weights_bytes", ctypes.c_uint64),
                ("manifest", ctypes.c_void_p), ("manifest_bytes", ctypes.c_size_t)]


class Model:
    """A loaded bundle. Usable from several threads: runs on one model take turns, and `close` may come at any time.

    The file is copied: it may be replaced or overwritten while the model is in use.
    """

    def __init__(self, path):
        path = os.fspath(path)
        self._open(read_file(path), repr(path))

    @classmethod
    def from_bytes(cls, data):
        """A model from a bundle in memory."""
        model = cls.__new__(cls)
        model._open(bytes(data), "the bundle")
        return model

    def _open(self, data, name):
        # An RLock, since a signal handler may close the model on the very thread that holds it.
        self._lock, self._users, self._instance = threading.RLock(), 0, None
        self._library = library = Library.opened(data, name)
        instance = ctypes.c_void_p()
        try:
            calls = library.calls
            calls.kdc_status_text.restype = ctypes.c_char_p
            calls.kdc_model_close.argtypes = [ctypes.c_void_p]
            calls.kdc_model_close.restype = None
            calls.kdc_model_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32]
            calls.kdc_model_verify.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
            self._check(calls.kdc_model_open(None, ctypes.byref(instance)))
        except BaseException:
            library.release()
            raise
        self._instance, self._users = instance, 1
        info = _Info()
        self._check(calls.kdc_model_info(instance, ctypes.byref(info)))
        self.name = info.name.decode()
        #: The processor core that the chosen code was made for.
        self.variant = info.variant.decode()
        self.arena_bytes = info.arena_bytes
        #: What the bundle says about itself, as a dictionary.
        self.manifest = json.loads(ctypes.string_at(info.manifest, info.manifest_bytes))
        self.inputs = [self._port(calls.kdc_model_input, i) for i in range(info.input_count)]
        self.outputs = [self._port(calls.kdc_model_output, i) for i in range(info.output_count)]

    def run(self, inputs, threads=1):
        """One inference: a dictionary of arrays by input name gives one by output name.

        An input must have the shape of its port, and a dtype that NumPy converts to the port's without loss of kind
        (float64 to float32 is allowed, float to int is not). `threads` counts the calling one; 0 means all cores.
        """
        given = dict(inputs)
        arrays = []
        for port in self.inputs:
            if port.name not in given:
                raise ModelError(1, f"no input {port.name!r}; the model takes {[p.name for p in self.inputs]}")
            array = numpy.asarray(given.pop(port.name))
            if array.shape != port.shape or not numpy.can_cast(array.dtype, port.dtype, "same_kind"):
                raise ModelError(1, f"input {port.name!r} is {array.dtype}{list(array.shape)}, "
                                    f"not {port.dtype}{list(port.shape)}")
            arrays.append(numpy.ascontiguousarray(array, dtype=port.dtype))
        if given:
            raise ModelError(1, f"the model has no input {sorted(given)[0]!r}")
        results = [numpy.empty(port.shape, port.dtype) for port in self.outputs]
        self._call("kdc_model_run", _addresses(arrays), _addresses(results), threads)
        return {port.name: result for port, result in zip(self.outputs, results)}

    def verify(self, threads=1):
        """Recomputes the bundle's golden vectors; raises ModelError where an output differs."""
        self._call("kdc_model_verify", threads)

    def close(self):
        """Ends the model: it cannot be run afterwards. Runs under way on other threads finish; the last one frees it."""
        with self._lock:
            was_open, self._is_closed = not self._is_closed, True
        if was_open:
            self._leave()

    _is_closed = False

    def _call(self, name, *arguments):
        """A call on the instance, which lasts at least until the call returns."""
        with self._lock:
            if self._is_closed:
                raise ModelError(1, "the model is closed")
            self._users += 1
        try:
            self._check(getattr(self._library.calls, name)(self._instance, *arguments))
        finally:
            self._leave()

    def _leave(self):
        with self._lock:
            self._users -= 1
            instance = self._instance if self._users == 0 else None
            if instance is not None:
                self._instance = None
        if instance is not None:
            self._library.calls.kdc_model_close(instance)
            self._library.release()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_instance", None) is not None:
            self.close()

    def _port(self, describe, index):
        tensor = _Tensor()
        self._check(describe(self._instance, ctypes.c_uint32(index), ctypes.byref(tensor)))
        return Port(tensor.name.decode(), numpy.dtype(_TYPES[tensor.dtype]), tuple(tensor.shape[:tensor.rank]))

    def _check(self, status):
        if status:
            raise ModelError(status, self._library.calls.kdc_status_text(status).decode())


def _addresses(arrays):
    return (ctypes.c_void_p * max(1, len(arrays)))(*[array.ctypes.data for array in arrays])
