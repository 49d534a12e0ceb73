"""Examples from `saswin-cli examples`, read ahead on a thread."""

import queue
import subprocess
import threading
from dataclasses import dataclass

import numpy as np
import torch

AHEAD = 6


@dataclass
class Batch:
    """`image` and `mirror` `[b, c, x, y, z]`, `labels` `[b, x, y, z]`, `classes` `[b, outputs]`."""

    image: torch.Tensor
    mirror: torch.Tensor
    labels: torch.Tensor
    classes: torch.Tensor


class Examples:
    def __init__(self, args, recipe, crop, first, validation):
        command = [args.saswin, "examples", str(args.recipe), "--cache", str(args.out.parent)]
        command += ["--crop", *map(str, crop)] + (["--validation"] if validation else ["--first", str(first)])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        architecture = recipe["architecture"]
        self.shape = (architecture["in_channels"], *crop)
        self.labelled = "decoder" in architecture
        self.outputs = architecture.get("class_head", {}).get("outputs", 0)
        self.ahead = queue.Queue(AHEAD)
        threading.Thread(target=self.fill, daemon=True).start()

    def fill(self):
        while (example := self.read()) is not None:
            self.ahead.put(example)
        self.ahead.put(None)

    def read(self):
        n = int(np.prod(self.shape[1:]))
        sizes = [4 * n * self.shape[0]] * 2 + [n if self.labelled else 0, 4 * self.outputs]
        data = self.process.stdout.read(sum(sizes))
        if len(data) < sum(sizes):
            return None
        starts = np.cumsum([0, *sizes])
        image, mirror, labels, classes = (data[a:b] for a, b in zip(starts, starts[1:]))
        floats = lambda raw: torch.from_numpy(np.frombuffer(raw, "<f4").copy())  # noqa: E731
        labels = torch.from_numpy(np.frombuffer(labels, np.uint8).copy())
        return Batch(
            floats(image).reshape(1, *self.shape),
            floats(mirror).reshape(1, *self.shape),
            labels.reshape(1, *self.shape[1:]) if self.labelled else labels,
            floats(classes).reshape(1, -1) if self.outputs else torch.empty(1, 0),
        )

    def __iter__(self):
        while (example := self.ahead.get()) is not None:
            yield example

    def batch(self, size: int) -> Batch:
        examples = [self.ahead.get() for _ in range(size)]
        if None in examples:
            raise RuntimeError("the program that draws examples ended; its message is above")
        fields = ("image", "mirror", "labels", "classes")
        return Batch(*(torch.cat([getattr(e, f) for e in examples]) for f in fields))

    def close(self):
        self.process.kill()
        while self.ahead.get() is not None:
            pass
