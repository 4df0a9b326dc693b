"""feed: batches of views on the consumer's device, from any pack."""

from fastpass.feed.batch import Batch, LoaderStats
from fastpass.feed.loader import Loader

__all__ = ["Batch", "Loader", "LoaderStats"]
