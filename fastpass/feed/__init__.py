"""feed: batches of views on the consumer's device, from any pack."""

from fastpass.feed.batch import Batch
from fastpass.feed.loader import Loader
from fastpass.feed.stats import LoaderStats

__all__ = ["Batch", "Loader", "LoaderStats"]
