"""Bundles as loaded libraries: what load.c of the runtime does for C and Swift, by the same rules.

A bundle is known by its digest, never by its name. Its bytes are copied into an anonymous file, the copy is compared with its seal
(a note of the ELF file, see seal.h), and that copy is what the dynamic linker maps: what was checked is what runs, and the file may
be replaced, overwritten or removed while its model is in use. Loads of equal bytes share code and weights.
"""
import _ctypes
import ctypes
import errno
import hashlib
import os
import platform
import stat
import struct
import threading

ABI_VERSION = 1
NO_MEMORY, BAD_VERSION, CANNOT_LOAD = 2, 6, 7
CUT_SHORT, ALTERED, NOT_BUNDLE, WRONG_MACHINE, NOT_EXECUTABLE = 11, 12, 13, 14, 15

_HEAD = 4096
# magic, version, kind of signature, bytes of the file, offset and bytes of the container, digest, key, signature
_SEAL = struct.Struct("<8sIIQQQ32s32s64s")
_OPEN = 40  # bytes of the seal that its digest covers
_MACHINES = {"x86_64": 62, "aarch64": 183}
_MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}
_CLOSE_ON_EXEC, _ALLOW_SEALING, _NOEXEC_SEAL, _ADD_SEALS, _ALL_SEALS = 1, 2, 8, 1033, 15

_TEXTS = {
    NO_MEMORY: "out of memory",
    BAD_VERSION: "the bundle is of another version",
    CANNOT_LOAD: "the file cannot be read, or cannot be loaded as a bundle",
    CUT_SHORT: "the bundle is cut short",
    ALTERED: "the bundle was altered: its bytes do not have the digest that it was sealed with",
    NOT_BUNDLE: "the file is not a bundle",
    WRONG_MACHINE: "the bundle is for another processor architecture",
    NOT_EXECUTABLE: "the system runs no code from this file: its file system is mounted noexec, or a policy forbids it",
}


class ModelError(Exception):
    """A bundle cannot be loaded or run; `status` is the kdc_status of kdc.h."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def refusal(status, name, detail=None):
    return ModelError(status, f"{name}: {_TEXTS[status]}" + (f" ({detail})" if detail else ""))


def read_file(path):
    """The bytes of a regular file from which code may be run."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe has no writer to wait for
    except OSError as error:
        raise refusal(CANNOT_LOAD, repr(path), error.strerror) from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise refusal(NOT_BUNDLE, repr(path), "it is no regular file")
        # The copy could be mapped, but whoever mounted it so wants no code from there.
        if os.fstatvfs(file).f_flag & os.ST_NOEXEC:
            raise refusal(NOT_EXECUTABLE, repr(path))
        with open(file, "rb", closefd=False) as opened:
            return opened.read()
    except OSError as error:
        raise refusal(CANNOT_LOAD, repr(path), error.strerror) from None
    except MemoryError:
        raise refusal(NO_MEMORY, repr(path)) from None
    finally:
        os.close(file)


def _seal_place(head):
    """Where the seal lies in the file's first bytes; found by the program headers, as the loader finds what it maps."""
    table, = struct.unpack_from("<Q", head, 32)
    count, = struct.unpack_from("<H", head, 56)
    for index in range(count):
        header = table + index * 56
        if header + 56 > len(head):
            return None
        kind, = struct.unpack_from("<I", head, header)
        at, = struct.unpack_from("<Q", head, header + 8)
        size, = struct.unpack_from("<Q", head, header + 32)
        if kind != 4:  # PT_NOTE
            continue
        end = min(at + size, len(head))
        while end - at >= 12:
            name, content, note = struct.unpack_from("<III", head, at)
            total = 12 + (name + 3 & ~3) + (content + 3 & ~3)
            if total > end - at:
                break
            if (name, content, note) == (4, _SEAL.size, 1) and head[at + 12:at + 24] == b"KDC\0KDCSEAL1":
                return at + 16
            at += total
    return None


def checked_digest(data, name):
    """The digest of a bundle that is whole; raises ModelError for any other bytes."""
    head = data[:_HEAD]
    if not head or head[:6] != b"\x7fELF\2\1"[:len(head)]:
        raise refusal(NOT_BUNDLE, name)
    place = _seal_place(head) if len(head) >= 64 else None
    if place is None:
        raise refusal(CUT_SHORT if len(head) < _HEAD else NOT_BUNDLE, name)
    _, version, signed, size, _, _, digest, key, signature = _SEAL.unpack_from(head, place)
    if version != 1:
        raise refusal(BAD_VERSION, name)
    if len(data) < size:
        raise refusal(CUT_SHORT, name)
    if len(data) > size or not signed and any(key + signature):
        raise refusal(ALTERED, name)
    if struct.unpack_from("<H", head, 18)[0] != _MACHINES.get(platform.machine()):
        raise refusal(WRONG_MACHINE, name)
    found = hashlib.sha256(head[:place + _OPEN])
    found.update(bytes(_SEAL.size - _OPEN))
    found.update(memoryview(data)[place + _SEAL.size:])
    if found.digest() != digest:
        raise refusal(ALTERED, name)
    return digest


def _anonymous_file():
    # By the system call: os.memfd_create is missing from Pythons that were built for an old C library.
    call = ctypes.CDLL(None, use_errno=True).syscall
    for flags in (_CLOSE_ON_EXEC | _ALLOW_SEALING, _CLOSE_ON_EXEC | _ALLOW_SEALING | _NOEXEC_SEAL):
        file = call(_MEMFD_CREATE[platform.machine()], b"model.kdb", flags)
        if file >= 0:
            return file
    code = ctypes.get_errno()
    raise OSError(code, os.strerror(code))


def _fresh_name(file):
    """A name for the file that was never used before: the linker, which compares names before files, would otherwise answer with what
    it has mapped under it. It spells the inode number, bit by bit: between "fd" and the descriptor, "." is 1 and nothing 0."""
    number, segments = os.fstat(file).st_ino, []
    while number:
        segments.append("." if number & 1 else "")
        number >>= 1
    return "/".join(["/proc/self/fd", *segments, str(file)])


class Library:
    """A mapped bundle, for as long as models use it. Made by `opened`."""

    _lock = threading.RLock()
    _all = {}

    def __init__(self, data, digest, name):
        self.digest, self._users = digest, 0
        try:
            file = _anonymous_file()
        except OSError as error:
            memory = error.errno in (errno.ENOMEM, errno.EMFILE, errno.ENFILE)
            raise refusal(NO_MEMORY if memory else CANNOT_LOAD, name, error.strerror) from None
        with os.fdopen(file, "wb", 0) as copy:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[copy.write(rest):]
            except OSError:
                raise refusal(NO_MEMORY, name) from None
            _seal_file(file)
            try:
                self.calls = ctypes.CDLL(_fresh_name(file))
            except OSError as error:
                denied = "failed to map segment" in str(error)
                raise refusal(NOT_EXECUTABLE if denied else CANNOT_LOAD, name, error) from None
        try:
            # Another library under this name would answer with another model.
            note = (ctypes.c_char * (16 + _SEAL.size)).in_dll(self.calls, "kdc_seal_of_file").raw
            self.calls.kdc_api_table.restype = ctypes.c_void_p
            if _SEAL.unpack_from(note, 16)[6] != digest:
                raise refusal(CANNOT_LOAD, name, "the dynamic linker gave another library")
            if not self.calls.kdc_api_table(ctypes.c_uint32(ABI_VERSION)):
                raise refusal(BAD_VERSION, name)
        except BaseException as error:
            _ctypes.dlclose(self.calls._handle)
            if isinstance(error, (ValueError, AttributeError)):
                raise refusal(CANNOT_LOAD, name, error) from None
            raise

    @classmethod
    def opened(cls, data, name):
        """The library of these bytes, mapped if it is not yet; `release` it once."""
        digest = checked_digest(data, name)
        with cls._lock:
            while True:
                library = cls._all.get(digest)
                if library is None:
                    library = cls._all[digest] = cls(data, digest, name)
                library._users += 1
                # A collection or a signal on this very thread may have released it between the lines above.
                if cls._all.get(digest) is library:
                    return library

    def release(self):
        """After the last model was closed: its threads have ended, the code may go."""
        with Library._lock:
            self._users -= 1
            if self._users == 0:
                del Library._all[self.digest]
                _ctypes.dlclose(self.calls._handle)


def _seal_file(file):
    """Against other processes of this user, where the system has it."""
    import fcntl
    try:
        fcntl.fcntl(file, _ADD_SEALS, _ALL_SEALS)
    except OSError:
        pass
