"""What a loader says about its own speed."""

from __future__ import annotations

from dataclasses import dataclass

# A consumer that waits less than this share of the time is the slowest stage itself.
_KEEPS_UP = 0.05

_ADVICE = {
    "read": "reading limits: try order='quasi_random', more batches_ahead or faster storage",
    "decode": "decoding limits: use more threads or smaller images",
    "augment": "making the views limits: use more threads, or fewer or cheaper views",
    "consumer": "the loader keeps up: only a faster consumer gives more",
}


@dataclass(frozen=True, slots=True)
class LoaderStats:
    """Sums since the loader was made; the stage times are summed over all threads."""

    num_images: int
    num_batches: int
    num_skipped: int  # damaged samples met with on_error="skip", every time they were met
    seconds: float  # inside iterations, the consumer's own work included
    wait_seconds: float  # of these, the time the consumer waited for a batch
    read_seconds: float
    decode_seconds: float
    augment_seconds: float
    num_slots: int  # batch memories ever allocated; constant in the steady state
    num_rendered: int = 0  # images the threads have finished, those not handed out yet included

    @property
    def images_per_second(self) -> float:
        return self.num_images / self.seconds if self.seconds > 0 else 0.0

    @property
    def wait_fraction(self) -> float:
        """Share of the time the consumer waited: near 0 the loader keeps up, near 1 it does not."""
        return self.wait_seconds / self.seconds if self.seconds > 0 else 0.0

    @property
    def milliseconds_per_image(self) -> dict[str, float]:
        """What each stage takes of one thread for one image."""
        rendered = max(1, self.num_rendered)
        return {
            "read": 1000 * self.read_seconds / rendered,
            "decode": 1000 * self.decode_seconds / rendered,
            "augment": 1000 * self.augment_seconds / rendered,
        }

    @property
    def slowest_stage(self) -> str:
        """ "read", "decode" or "augment"; "consumer" where it hardly ever waits for a batch."""
        if self.seconds > 0 and self.wait_fraction < _KEEPS_UP:
            return "consumer"
        stages = self.milliseconds_per_image
        return max(stages, key=lambda name: stages[name])

    def __str__(self) -> str:
        stages = ", ".join(
            f"{name} {value:.2f} ms" for name, value in self.milliseconds_per_image.items()
        )
        skipped = f", {self.num_skipped} skipped" if self.num_skipped else ""
        return (
            f"{self.images_per_second:.1f} images/s{skipped}; per image and thread: {stages}; "
            f"the consumer waited {100 * self.wait_fraction:.0f} % of the time; "
            f"{_ADVICE[self.slowest_stage]}"
        )
