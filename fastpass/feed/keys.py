"""Keys for permutations: words that depend on a few numbers and on nothing else.

They are those of ``numpy.random.SeedSequence`` (seed_seq_fe of M. E. O'Neill, "Developing a
seed_seq alternative", 2015), which is not used itself: importing ``numpy.random`` takes
milliseconds, and a Ctrl-C that comes meanwhile is lost.
"""

from __future__ import annotations

import functools

_MASK = 0xFFFFFFFF
_POOL_WORDS = 4


class _Hash:
    """A hash of 32-bit words whose constant changes with every word."""

    def __init__(self, start: int, factor: int) -> None:
        self._constant, self._factor = start, factor

    def __call__(self, word: int) -> int:
        word ^= self._constant
        self._constant = self._constant * self._factor & _MASK
        word = word * self._constant & _MASK
        return word ^ word >> 16


def _mix(first: int, second: int) -> int:
    word = (0xCA01F9DD * first - 0x4973F715 * second) & _MASK
    return word ^ word >> 16


def _words(number: int) -> list[int]:
    """The 32-bit words of a number, the lowest first; at least one."""
    return [number >> shift & _MASK for shift in range(0, max(number.bit_length(), 1), 32)]


@functools.lru_cache(maxsize=256)
def draw_words(seed: int, epoch: int, domain: tuple[int, ...], count: int) -> tuple[int, ...]:
    """``count`` independent 32-bit words from (seed, epoch, domain); domain: no zeros in it.

    The numbers are 0 or more, of any size.
    """
    # The pool is padded with zeros: [seed, epoch] and [seed, epoch, 0] would be the same key.
    entropy = [word for number in (seed, epoch, *domain) for word in _words(number)]
    digest = _Hash(0x43B0D7E5, 0x931E8875)
    padded = entropy + [0] * (_POOL_WORDS - len(entropy))
    pool = [digest(word) for word in padded[:_POOL_WORDS]]
    for source in range(_POOL_WORDS):
        for target in range(_POOL_WORDS):
            if source != target:
                pool[target] = _mix(pool[target], digest(pool[source]))
    for word in padded[_POOL_WORDS:]:
        for target in range(_POOL_WORDS):
            pool[target] = _mix(pool[target], digest(word))
    output = _Hash(0x8B51F9DD, 0x58F38DED)
    return tuple(output(pool[index % _POOL_WORDS]) for index in range(count))
