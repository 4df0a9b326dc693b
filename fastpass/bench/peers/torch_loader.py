"""A PyTorch DataLoader over JPEG files: what the torchvision peers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from fastpass.bench.peers.feed_peer import FeedJob

Image = TypeVar("Image")
Transform = Callable[[Image], torch.Tensor]


class EndlessPermutations(Sampler[int]):
    """One permutation of the files after another: no worker restarts between epochs."""

    def __init__(self, num_files: int, seed: int) -> None:
        self._num_files, self._seed = num_files, seed

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed)
        while True:
            yield from torch.randperm(self._num_files, generator=generator).tolist()


class ViewsOfFiles(Dataset[list[torch.Tensor]], Generic[Image]):
    """Item i: every transform applied to the decoded file i."""

    def __init__(
        self,
        files: Sequence[Path],
        decode: Callable[[str], Image],
        transforms: Sequence[Transform[Image]],
    ) -> None:
        self._files = [str(path) for path in files]
        self._decode, self._transforms = decode, transforms

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> list[torch.Tensor]:
        image = self._decode(self._files[index])
        return [transform(image) for transform in self._transforms]


class DataLoaderPeer:
    """workers 0: in the consumer's process, without copies between processes."""

    def __init__(
        self, name: str, how: str, job: FeedJob, files: Dataset[Any], workers: int
    ) -> None:
        place = "one worker process per thread" if workers else "in the consumer's process"
        self.name, self.how = name, f"{how}, DataLoader {place}"
        self._job, self._files, self._workers = job, files, workers

    def batches(self) -> Iterator[Sequence[Any]]:
        sampler = EndlessPermutations(len(self._job.photos.files), self._job.seed)
        loader: DataLoader[Any] = DataLoader(
            self._files,
            batch_size=self._job.batch_size,
            sampler=sampler,
            num_workers=self._workers,
        )
        before = torch.get_num_threads()
        torch.set_num_threads(1)  # as in a worker process
        try:
            yield from loader
        finally:
            torch.set_num_threads(before)

    def paths(self) -> Sequence[Path]:
        return self._job.photos.files


def with_and_without_workers(
    name: str, how: str, job: FeedJob, files: Dataset[Any]
) -> list[DataLoaderPeer]:
    """With one thread, a worker process and none: the faster one is the peer."""
    counts = [1, 0] if job.threads == 1 else [job.threads]
    return [DataLoaderPeer(name, how, job, files, workers) for workers in counts]
