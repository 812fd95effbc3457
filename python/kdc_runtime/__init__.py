"""Run models compiled by kdc: a bundle (model.kdb) is loaded with ctypes, NumPy arrays go in and come out.

    from kdc_runtime import Model
    model = Model("model.kdb")
    scores = model.run({"input": image})["logits"]

Nothing but NumPy is needed; the bundle holds the code, the weights and the runtime.
"""
import ctypes
import json
import os
from collections import namedtuple

import numpy

__all__ = ["Model", "ModelError", "Port"]

_ABI_VERSION = 1
_TYPES = {1: numpy.float32, 2: numpy.int8, 3: numpy.uint8, 4: numpy.int32, 5: numpy.int64, 6: numpy.bool_}

#: An input or output: name, NumPy dtype, shape as a tuple.
Port = namedtuple("Port", "name dtype shape")


class ModelError(Exception):
    """A bundle cannot be loaded or run; `status` is the kdc_status of kdc.h."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class _Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_uint32), ("rank", ctypes.c_uint32),
                ("shape", ctypes.c_int64 * 8), ("bytes", ctypes.c_uint64)]


class _Info(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("variant", ctypes.c_char_p),
                ("input_count", ctypes.c_uint32), ("output_count", ctypes.c_uint32), ("step_count", ctypes.c_uint32),
                ("arena_bytes", ctypes.c_uint64), ("weights_bytes", ctypes.c_uint64),
                ("manifest", ctypes.c_void_p), ("manifest_bytes", ctypes.c_size_t)]


class Model:
    """A loaded bundle. Usable from several threads: runs on one model take turns."""

    def __init__(self, path):
        self._instance = ctypes.c_void_p()
        try:
            # An absolute path: without a slash the system's library folders would be searched.
            self._library = ctypes.CDLL(os.path.abspath(os.fspath(path)))
            self._library.kdc_api_table.restype = ctypes.c_void_p
        except (OSError, AttributeError) as error:
            raise ModelError(7, f"cannot load {path!r} as a bundle: {error}") from None
        if not self._library.kdc_api_table(ctypes.c_uint32(_ABI_VERSION)):
            raise ModelError(6, f"{path!r} was made for another version of kdc")
        self._library.kdc_status_text.restype = ctypes.c_char_p
        self._library.kdc_model_close.argtypes = [ctypes.c_void_p]
        self._library.kdc_model_close.restype = None
        self._library.kdc_model_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32]
        self._check(self._library.kdc_model_open(None, ctypes.byref(self._instance)))
        info = _Info()
        self._check(self._library.kdc_model_info(self._instance, ctypes.byref(info)))
        self.name = info.name.decode()
        #: The processor core that the chosen code was made for.
        self.variant = info.variant.decode()
        self.arena_bytes = info.arena_bytes
        #: What the bundle says about itself, as a dictionary.
        self.manifest = json.loads(ctypes.string_at(info.manifest, info.manifest_bytes))
        self.inputs = [self._port(self._library.kdc_model_input, i) for i in range(info.input_count)]
        self.outputs = [self._port(self._library.kdc_model_output, i) for i in range(info.output_count)]

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
        self._check(self._library.kdc_model_run(self._instance, _addresses(arrays), _addresses(results), threads))
        return {port.name: result for port, result in zip(self.outputs, results)}

    def verify(self, threads=1):
        """Recomputes the bundle's golden vectors; raises ModelError where an output differs."""
        self._check(self._library.kdc_model_verify(self._instance, ctypes.c_uint32(threads)))

    def close(self):
        """Frees the model; it cannot be run afterwards."""
        instance, self._instance = self._instance, ctypes.c_void_p()
        if instance:
            self._library.kdc_model_close(instance)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_instance", None):
            self.close()

    def _port(self, describe, index):
        tensor = _Tensor()
        self._check(describe(self._instance, ctypes.c_uint32(index), ctypes.byref(tensor)))
        return Port(tensor.name.decode(), numpy.dtype(_TYPES[tensor.dtype]), tuple(tensor.shape[:tensor.rank]))

    def _check(self, status):
        if status:
            raise ModelError(status, self._library.kdc_status_text(status).decode())


def _addresses(arrays):
    return (ctypes.c_void_p * max(1, len(arrays)))(*[array.ctypes.data for array in arrays])
