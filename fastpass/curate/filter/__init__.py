"""filter: a condition of the user's on columns of image statistics says which images are kept."""

from fastpass.curate.filter.image_filter import ImageFilter, image_filter
from fastpass.curate.filter.statistics import ImageStatistics, image_statistics

__all__ = ["ImageFilter", "ImageStatistics", "image_filter", "image_statistics"]
