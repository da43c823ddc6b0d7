"""attojoule: the joules of a Python program, from the sensors of its machine.

    import attojoule
    with attojoule.meter("epoch 3") as m:
        train()
    print(m.energy_joules, m.origin)

Under `aj run` names, epochs, FLOPs and accuracies go to it, and its report has the joules: the numbers of a `with`
are NaN there. Otherwise a meter is opened in this process on first use. Nothing here ever fails the program: what
cannot be measured is NaN, and a warning says why once. SI units. See docs/meter.md for what the numbers mean.
"""
import atexit
import contextlib
import ctypes
import ctypes.util
import math
import os
import select
import stat
import threading
import warnings

_ORIGINS = ("measured", "modelled", "assumed")


class _Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("system_errno", ctypes.c_int), ("message", ctypes.c_char * 512)]


class _Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("source", ctypes.c_char_p), ("sysfs_root", ctypes.c_char_p),
                ("nvml_library", ctypes.c_char_p), ("procfs_root", ctypes.c_char_p), ("pid", ctypes.c_long),
                ("sample_hertz", ctypes.c_double), ("cgroup", ctypes.c_char_p),
                ("redfish_url", ctypes.c_char_p)]


class _Estimate(ctypes.Structure):
    _fields_ = [("value", ctypes.c_double), ("stddev", ctypes.c_double), ("origin", ctypes.c_int)]


class _Reading(ctypes.Structure):
    _fields_ = [("energy_joules", _Estimate), ("low_joules", ctypes.c_double), ("high_joules", ctypes.c_double),
                ("lower_bound", ctypes.c_bool), ("duration_seconds", ctypes.c_double),
                ("gap_seconds", ctypes.c_double), ("longest_gap_seconds", ctypes.c_double),
                ("suspended_seconds", ctypes.c_double), ("n_samples", ctypes.c_size_t), ("covers", ctypes.c_uint32),
                ("platform_joules", ctypes.c_double), ("attributed_joules", _Estimate),
                ("idle_joules", ctypes.c_double), ("others_joules", ctypes.c_double),
                ("tree_cpu_seconds", ctypes.c_double), ("busy_cpu_seconds", ctypes.c_double),
                ("gpu_attributed_joules", _Estimate), ("gpu_idle_joules", ctypes.c_double),
                ("gpu_others_joules", ctypes.c_double), ("undivided_joules", ctypes.c_double)]


class Measurement:
    """energy_joules: of the machine's counted sensors; attributed_joules: this program's share of processors and
    memory by CPU time. low, high: what counts and gaps leave open. origin: measured, modelled, assumed, or None."""

    def __init__(self):
        self.energy_joules = self.low_joules = self.high_joules = self.attributed_joules = math.nan
        self.duration_seconds = math.nan
        self.origin = None

    def _between(self, first, last):
        self.energy_joules = last.energy_joules.value - first.energy_joules.value
        self.low_joules = min(max(last.low_joules - first.low_joules, 0), self.energy_joules)
        self.high_joules = max(last.high_joules - first.high_joules, self.energy_joules)
        self.attributed_joules = last.attributed_joules.value - first.attributed_joules.value
        self.duration_seconds = last.duration_seconds - first.duration_seconds
        self.origin = _ORIGINS[last.energy_joules.origin] if not math.isnan(self.energy_joules) else None


_lock = threading.RLock()
_library = _meter = _failed = None


def _load():
    """$ATTOJOULE_LIBRARY, else beside this file, else wherever the dynamic linker looks."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libattojoule.so")
    name = os.environ.get("ATTOJOULE_LIBRARY") or (beside if os.path.exists(beside) else None)
    library = ctypes.CDLL(name or ctypes.util.find_library("attojoule") or "libattojoule.so.0")
    for function in ("aj_meter_open", "aj_meter_start", "aj_meter_now", "aj_meter_mark"):
        getattr(library, function).restype = ctypes.c_int
    library.aj_meter_close.argtypes = [ctypes.c_void_p]
    library.aj_meter_close.restype = None
    return library


def start(source=None, sysfs_root=None, hertz=10.0):
    """Opens the meter of this process; called by the first `with` if nobody did. True: it measures."""
    global _library, _meter, _failed
    with _lock:
        if _meter is not None or _failed is not None:
            return _meter is not None
        try:
            _library = _load()
            handle, error = ctypes.c_void_p(), _Error()
            text = [word.encode() if word is not None else None for word in (source, sysfs_root)]
            for pid in (os.getpid(), 0):  # some kernels do not list the children of a process
                options = _Options(ctypes.sizeof(_Options), text[0], text[1], None, None, pid, hertz)
                done = _library.aj_meter_open(ctypes.byref(handle), None, ctypes.byref(options), ctypes.byref(error))
                if done == 0:
                    break
            if done or _library.aj_meter_start(handle, ctypes.byref(error)):
                raise OSError(error.message.decode(errors="replace"))
            _meter = handle
        except (OSError, AttributeError) as problem:
            _failed = problem
            warnings.warn(f"attojoule: nothing is measured: {problem}", stacklevel=3)
        return _meter is not None


def stop():
    """Closes the meter of this process; the next `with` opens it anew."""
    global _meter, _failed
    with _lock:
        if _meter is not None:
            _library.aj_meter_close(_meter)
        _meter = _failed = None


def _forget():  # in the child of a fork the sampling thread is gone, and the mutex may be held
    global _lock, _meter
    _lock, _meter = threading.RLock(), None


def _pipe():
    """The pipe to `aj run`, or None; another file that got its number is left alone."""
    try:
        number = int(os.environ["AJ_MARK"])
        status = os.fstat(number)
        inode = int(os.environ.get("AJ_MARK_PIPE", status.st_ino))
        return number if stat.S_ISFIFO(status.st_mode) and status.st_ino == inode else None
    except (KeyError, ValueError, OSError, OverflowError):
        return None


def _say(line):
    line = " ".join(str(line).split())
    data, pipe = line.encode(errors="replace"), _pipe()
    if pipe is not None:
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more
            if len(data) < 511 and select.select([], [pipe], [], 0.1)[1]:
                os.write(pipe, data + b"\n")
    elif _meter is not None:
        with _lock:
            if _meter is not None:
                _library.aj_meter_mark(_meter, ctypes.c_char_p(data), None)


def _now():
    reading = _Reading()
    with _lock:
        if _meter is None or _library.aj_meter_now(_meter, ctypes.byref(reading), None):
            return None
    return reading


@contextlib.contextmanager
def meter(name):
    """Measures the block; may be nested, and used from several threads (each sees the whole machine)."""
    measurement = Measurement()
    first = _now() if _pipe() is None and start() else None
    _say(f"begin {name}")
    try:
        yield measurement
    finally:
        _say(f"end {name}")
        last = _now() if first is not None else None
        if last is not None:
            measurement._between(first, last)


def mark(name):
    """What ran since the previous mark was `name`."""
    _say(f"mark {name}")


def flops(n):
    """n floating point operations were done since the last call."""
    _say(f"flops {float(n)!r}")


def accuracy(ratio):
    """The share of right answers now, 0 to 1."""
    _say(f"accuracy {float(ratio)!r}")


def epoch(k, n=None):
    """Epoch k (of n) has ended; k = 0: the first one begins."""
    _say(f"epoch {int(k)}" if n is None else f"epoch {int(k)} of {int(n)}")


atexit.register(stop)
os.register_at_fork(after_in_child=_forget)
