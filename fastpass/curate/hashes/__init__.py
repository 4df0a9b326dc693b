"""hashes: codes by which near duplicates are found, of encoded and of decoded images."""

from fastpass.curate.hashes.images import Hashes, hash_images

__all__ = ["Hashes", "hash_images"]
