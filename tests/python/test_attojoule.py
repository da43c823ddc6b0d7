"""The package against a simulated machine, a pipe of marks, and the layout that the C compiler gives."""
import ctypes
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import warnings

import attojoule

MISSING = "libattojoule-of-no-such-name.so"


class Layout(unittest.TestCase):
    """Every field has the offset and size that the compiler gives it."""

    def test_structs(self):
        text = subprocess.run([os.environ["AJ_LAYOUT"]], check=True, capture_output=True, text=True).stdout
        found = {tuple(line.split()[:2]): tuple(map(int, line.split()[2:])) for line in text.splitlines()}
        structs = {"aj_error": attojoule._Error, "aj_meter_options": attojoule._Options,
                   "aj_estimate": attojoule._Estimate, "aj_reading": attojoule._Reading}
        for name, struct in structs.items():
            self.assertEqual(found.pop((name, "-"))[1], ctypes.sizeof(struct), name)
            for field, _ in struct._fields_:
                place = getattr(struct, field)
                self.assertEqual(found.pop((name, field)), (place.offset, place.size), f"{name}.{field}")
        self.assertEqual(found, {})


class Machine(unittest.TestCase):
    """A counter that the test moves."""

    def setUp(self):
        os.environ.pop("AJ_MARK", None)
        self.folder = tempfile.TemporaryDirectory()
        self.zone = os.path.join(self.folder.name, "class/powercap/intel-rapl:0")
        os.makedirs(self.zone)
        for name, text in (("name", "package-0"), ("max_energy_range_uj", "262143328850"), ("energy_uj", "1000000000")):
            with open(os.path.join(self.zone, name), "w") as file:
                file.write(text + "\n")
        self.assertTrue(attojoule.start(sysfs_root=self.folder.name, hertz=100))

    def tearDown(self):
        attojoule.stop()
        self.folder.cleanup()

    def spend(self, joules):
        """In one write of the same width: no reader sees half a number."""
        self.joules = getattr(self, "joules", 1000) + joules
        with open(os.path.join(self.zone, "energy_uj"), "r+") as file:
            file.write(f"{round(self.joules * 1e6)}\n")
        time.sleep(0.02)  # a reading may be a millisecond old

    def test_nested(self):
        with attojoule.meter("outer") as outer:
            time.sleep(0.02)
            self.spend(2)
            with attojoule.meter("inner") as inner:
                time.sleep(0.02)
                self.spend(3)
                attojoule.mark("half")
            time.sleep(0.02)
            self.spend(1)
        self.assertAlmostEqual(outer.energy_joules, 6, places=6)
        self.assertAlmostEqual(inner.energy_joules, 3, places=6)
        self.assertEqual(inner.origin, "measured")
        self.assertLessEqual(inner.low_joules, inner.energy_joules)
        self.assertGreaterEqual(inner.high_joules, inner.energy_joules)
        self.assertGreaterEqual(outer.duration_seconds, 0.08)
        self.assertGreaterEqual(outer.duration_seconds, inner.duration_seconds)
        attributed = outer.attributed_joules  # NaN on kernels that do not list children
        self.assertTrue(math.isnan(attributed) or -1e-9 <= attributed <= 6 + 1e-9)

    def test_exception_and_threads(self):
        with self.assertRaises(ZeroDivisionError):
            with attojoule.meter("fails") as failed:
                time.sleep(0.02)
                self.spend(4)
                1 / 0
        self.assertAlmostEqual(failed.energy_joules, 4, places=6)

        def work():
            for i in range(20):
                with attojoule.meter(f"thread {i}"):
                    attojoule.flops(1e6)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_fork(self):
        pid = os.fork()
        if pid == 0:  # the child has no meter of its parent's; it may open its own
            good = attojoule._meter is None and attojoule.start(sysfs_root=self.folder.name)
            attojoule.stop()
            os._exit(0 if good else 1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        with attojoule.meter("after") as after:
            time.sleep(0.02)
            self.spend(5)
        self.assertAlmostEqual(after.energy_joules, 5, places=6)


class Pipe(unittest.TestCase):
    """Under `aj run`."""

    def setUp(self):
        self.ends = os.pipe()
        os.environ["AJ_MARK"] = str(self.ends[1])
        os.environ["AJ_MARK_PIPE"] = str(os.fstat(self.ends[1]).st_ino)

    def tearDown(self):
        for end in self.ends:
            try:
                os.close(end)
            except OSError:
                pass
        os.environ.pop("AJ_MARK", None)
        os.environ.pop("AJ_MARK_PIPE", None)

    def lines(self):
        os.set_blocking(self.ends[0], False)
        try:
            return os.read(self.ends[0], 100000).decode().splitlines()
        except BlockingIOError:
            return []

    def test_lines(self):
        with attojoule.meter("epoch\n3") as m:
            attojoule.flops(12345678901234567)
            attojoule.accuracy(0.977)
            attojoule.epoch(3, 10)
            attojoule.epoch(4)
            attojoule.mark("x" * 600)  # would not go through in one piece
        self.assertEqual(self.lines(), ["begin epoch 3", "flops 1.2345678901234568e+16", "accuracy 0.977",
                                        "epoch 3 of 10", "epoch 4", "end epoch 3"])
        self.assertTrue(math.isnan(m.energy_joules) and m.origin is None)
        self.assertIsNone(attojoule._meter)

    def test_other_file(self):
        os.environ["AJ_MARK_PIPE"] = "1"
        attojoule.mark("to somebody else")
        self.assertEqual(self.lines(), [])

    def test_nobody_reads(self):
        os.close(self.ends[0])
        attojoule.mark("too late")

    def test_full(self):
        os.set_blocking(self.ends[1], False)
        try:
            while True:
                os.write(self.ends[1], b"." * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(self.ends[1], True)
        attojoule.mark("too much")


class Nothing(unittest.TestCase):
    """Without library or sensors a program runs on, and is told once."""

    def test_no_library(self):
        kept = os.environ["ATTOJOULE_LIBRARY"]
        os.environ["ATTOJOULE_LIBRARY"] = MISSING
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                for _ in range(2):
                    with attojoule.meter("x") as m:
                        attojoule.mark("y")
            self.assertEqual(len(told), 1)
            self.assertIn(MISSING, str(told[0].message))
            self.assertTrue(math.isnan(m.energy_joules))
        finally:
            os.environ["ATTOJOULE_LIBRARY"] = kept
            attojoule.stop()

    def test_no_sensors(self):
        with tempfile.TemporaryDirectory() as empty, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.assertFalse(attojoule.start(source="powercap", sysfs_root=empty))
            self.assertIn("powercap", str(told[0].message))
        attojoule.stop()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
