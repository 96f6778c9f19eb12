"""The GPU's memory: how much something takes at most, and a process that takes nearly all of it."""
import ctypes
import subprocess
import sys
import threading
import time

HOG = """
import sys, torch
held, leave = [], int(sys.argv[1])
while (free := torch.cuda.mem_get_info()[0] - leave) > 1 << 25:
    held.append(torch.empty(min(free, 1 << 30), dtype=torch.uint8, device="cuda"))
print("held", flush=True)
sys.stdin.read()
"""


class Usage(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class PeakMemory:
    """Bytes that the first GPU has in use at most while the block runs, above what it had before; `None` where the
    driver does not tell. What PyTorch's allocator keeps counts, and so does CUDA's own context."""

    def __enter__(self):
        self.bytes, self.handle = None, ctypes.c_void_p()
        try:
            self.nvml = ctypes.CDLL("libnvidia-ml.so.1")
        except OSError:
            return self
        if self.nvml.nvmlInit_v2() or self.nvml.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(self.handle)):
            return self
        self.before, self.bytes, self.done = self.used(), 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        if self.bytes is not None:
            self.done.set()
            self.thread.join()

    def used(self):
        usage = Usage()
        self.nvml.nvmlDeviceGetMemoryInfo(self.handle, ctypes.byref(usage))
        return usage.used

    def watch(self):
        while not self.done.wait(0.01):
            self.bytes = max(self.bytes, self.used() - self.before)


class Hog:
    """Holds all of the GPU's free memory but `leave` bytes while the block runs."""

    def __init__(self, leave):
        self.leave = leave

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-c", HOG, str(self.leave)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline().strip():
            raise OSError("the GPU's memory could not be taken")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        time.sleep(0.5)  # the driver takes the memory back a little after the process has ended
