"""fastpass inside FFCV (docs/feed.md shows how): fields, decoders and pipelines for its Loader.

Importing this module imports FFCV, and with it numba and OpenCV.
"""

from fastpass.errors import MissingBackend

try:
    import ffcv  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingBackend(
        f"FFCV is not installed ({error}): run `pip install 'fastpass[ffcv]'`, which needs a C++ "
        "compiler, pkg-config, OpenCV and libjpeg-turbo: apt-get install g++ pkg-config "
        "libopencv-dev libturbojpeg0-dev"
    ) from error
except ImportError as error:
    raise MissingBackend(f"FFCV is installed, but cannot be loaded: {error}") from error

from fastpass.feed.ffcv_feed import FfcvFeed
from fastpass.feed.ffcv_field import FastpassField
from fastpass.feed.ffcv_operations import MultiCropDecoder, Reports, View, multi_crop

__all__ = ["FastpassField", "FfcvFeed", "MultiCropDecoder", "Reports", "View", "multi_crop"]
