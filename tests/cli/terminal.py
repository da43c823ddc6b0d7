#!/usr/bin/python3
"""Plays an interactive shell for `aj run`: terminal.py PART AJ, in a folder with a simulated machine in sys.

The command runs in a process group of its own in the foreground of a new terminal, as a shell starts a job.
"""
import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time

AJ = sys.argv[2]
OPTIONS = ["--no-ledger", "--sysfs", "sys", "--nvml", "libnone.so", "--source", "powercap"]


def check(condition, what):
    if not condition:
        raise SystemExit(f"FAILED: {what}")


class Job:
    """One job of a shell that leads a session on a new terminal."""

    def __init__(self, command, options=(), foreground=True):
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.slave, self.output, self.status = slave, b"", None
        ask, self.answers = os.pipe()
        self.asks, answer = os.pipe()
        self.shell = os.fork()
        if self.shell == 0:
            os.close(self.master), os.close(self.answers), os.close(self.asks)
            self.play_shell(ask, answer, [AJ, "run", *options, *OPTIONS, "--", *command], foreground)
        os.close(ask), os.close(answer), os.close(slave)

    def play_shell(self, ask, answer, command, foreground):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            if foreground:
                os.tcsetpgrp(self.slave, os.getpgrp())
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP):
                signal.signal(number, signal.SIG_DFL)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.closerange(3, 64)
            os.execv(command[0], command)
        os.write(answer, f"{pid}\n".encode())
        while True:
            word = os.read(ask, 1)
            if word == b"w":  # wait for the next change
                _, status = os.waitpid(pid, os.WUNTRACED)
                os.write(answer, f"{status}\n".encode())
            elif word == b"f":  # fg
                os.tcsetpgrp(self.slave, pid)
                os.killpg(pid, signal.SIGCONT)
            elif word == b"b":  # take the terminal back
                os.tcsetpgrp(self.slave, os.getpgrp())
            else:
                os._exit(0)

    def pid(self):
        return int(self.line())

    def line(self):
        text = b""
        while not text.endswith(b"\n"):
            self.read(0.01)
            if select.select([self.asks], [], [], 0)[0]:
                byte = os.read(self.asks, 1)
                check(byte, "the shell ended")
                text += byte
        return text

    def ask(self, word):
        os.write(self.answers, word)

    def wait(self):
        self.ask(b"w")
        return int(self.line())

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:
                pass

    def until(self, pattern):
        end = time.monotonic() + 30
        while not re.search(pattern, self.output):
            check(time.monotonic() < end, f"{pattern} never came: {self.output!r}")
            self.read(0.05)

    def type(self, keys):
        os.write(self.master, keys)

    def exits(self, wanted):
        status = self.wait()
        check(os.WIFEXITED(status) and os.WEXITSTATUS(status) == wanted, f"status {status:#x}, want exit {wanted}")
        for _ in range(5):
            self.read(0.02)


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def until_state(pid, wanted):
    end = time.monotonic() + 30
    while state(pid) not in wanted:
        check(time.monotonic() < end, f"{pid} is {state(pid)}, not {wanted}")
        time.sleep(0.02)


# Takes every SIGINT one by one, with where it came from.
CATCH = [sys.executable, "-c", """import os, signal, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print(f"pid {os.getpid()}.", flush=True)
end = time.monotonic() + 2
while (left := end - time.monotonic()) > 0:
    came = signal.sigtimedwait([signal.SIGINT], left)
    if came: print(f"got code {came.si_code}.", flush=True)
print("end", flush=True)
sys.exit(5)"""]
# One process: a shell that starts others by vfork cannot be stopped between the fork and the exec.
LOOP = [sys.executable, "-c", """import os, sys, time
print(f"pid {os.getpid()}.", flush=True)
for _ in range(20): time.sleep(0.05)
print("end", flush=True)
sys.exit(5)
"""]


def command_pid(job):
    job.until(rb"pid (\d+)\.")
    return int(re.search(rb"pid (\d+)\.", job.output).group(1))


def interrupt():
    """Ctrl-C comes from the terminal to both: the command gets it once."""
    job = Job(CATCH)
    job.pid()
    command_pid(job)
    job.type(b"\x03")
    job.exits(5)
    got = re.findall(rb"got code (\d+)\.", job.output)
    check(got == [b"128"], f"Ctrl-C should come once, from the kernel (128): {got}")
    job = Job(LOOP)
    job.pid()
    command_pid(job)
    job.type(b"\x03")
    job.exits(128 + signal.SIGINT)


def stop():
    """Ctrl-Z stops both and the shell sees it; fg continues both."""
    job = Job(LOOP)
    pid = job.pid()
    child = command_pid(job)
    for _ in range(2):
        job.type(b"\x1a")
        check(os.WIFSTOPPED(job.wait()), "the job did not stop")
        check(state(pid) == "T" and state(child) == "T", f"meter {state(pid)}, command {state(child)}")
        job.ask(b"b")
        before = len(job.output)
        time.sleep(0.3)
        job.read(0.01)
        check(b"end" not in job.output[before:], "it went on while it was stopped")
        job.ask(b"f")
        until_state(child, "SRD")
        until_state(pid, "SRD")
    job.exits(5)
    check(b"end" in job.output, "it did not end")


def stop_by_child():
    """A command that stops itself gives the terminal back, as without aj."""
    job = Job(["sh", "-c", "kill -STOP $$; echo on; exit 5"])
    pid = job.pid()
    check(os.WIFSTOPPED(job.wait()), "the job did not stop")
    job.ask(b"f")
    job.exits(5)
    check(b"on\r\n" in job.output, "it did not go on")
    # Somebody stops and continues the meter alone: the command is continued with it.
    job = Job(LOOP)
    pid = job.pid()
    child = command_pid(job)
    os.kill(pid, signal.SIGTSTP)
    check(os.WIFSTOPPED(job.wait()), "the job did not stop")
    check(state(child) == "T", "the command did not stop with its meter")
    os.kill(pid, signal.SIGCONT)
    job.exits(5)


def background():
    """In the background nothing is drawn, and reading from the terminal stops the job."""
    job = Job(["sh", "-c", "read word; echo $word; exit 5"], foreground=False)
    job.pid()
    check(os.WIFSTOPPED(job.wait()), "the job did not stop")
    check(b"\x1b" not in job.output, f"it drew in the background: {job.output!r}")
    job.ask(b"f")
    job.type(b"hello\n")
    job.exits(5)
    check(b"hello\r\n" in job.output, f"it did not read: {job.output!r}")


DRAWN = rb"\x1b7\x1b\[\d+G\x1b\[K([^\x1b]*)\x1b8"


def live():
    """Joules, watts, grams and time at the right edge, at most two a second, gone at the end."""
    job = Job(["sh", "-c", "printf 'half a '; sleep 3; echo line; exit 5"], ["--zone", "FR"])
    job.pid()
    begun = time.monotonic()
    job.exits(5)
    seconds = time.monotonic() - begun
    drawn = re.findall(DRAWN, job.output)
    check(3 <= len(drawn) <= 2 * seconds + 2, f"{len(drawn)} texts in {seconds:.1f} s")
    text = b"  ".join(drawn[-2:]).decode()
    for part in (r"\d J", r"\d m?W", r"g CO2e", r"\d s"):
        check(re.search(part, text), f"{part} is not in {text!r}")
    check(drawn[-1] == b"", f"the last one was not cleared: {drawn[-1]!r}")
    plain = re.sub(DRAWN, b"", job.output)
    check(b"half a line\r\n" in plain, f"the command's own output suffered: {plain!r}")
    check(b"\x1b" not in plain, f"other sequences were written: {plain!r}")
    check(re.search(rb"aj: .* J .*modelled", plain), f"no summary: {plain!r}")


def quiet():
    job = Job(["sh", "-c", "sleep 1.2; exit 5"], ["--quiet"])
    job.pid()
    job.exits(5)
    check(job.output == b"", f"it spoke: {job.output!r}")


def hangup():
    """The terminal goes away: command and meter end."""
    job = Job(["sh", "-c", "echo pid $$.; while :; do sleep 0.05; done"])
    pid = job.pid()
    child = command_pid(job)
    os.close(job.master)
    os.kill(job.shell, signal.SIGKILL)
    end = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{one}") and state(one) != "Z" for one in (pid, child)):
        check(time.monotonic() < end, "they live on")
        time.sleep(0.05)


{part.__name__: part for part in (interrupt, stop, stop_by_child, background, live, quiet, hangup)}[sys.argv[1]]()
