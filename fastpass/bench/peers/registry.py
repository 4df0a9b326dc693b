"""Which peers there are; each module is imported when its peer is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from fastpass.bench.peers.feed_peer import FeedJob, FeedPeer

# name on the command line -> module with make_peers(job) -> list of FeedPeer
FEED_PEERS = {
    "fastpass": "fastpass.bench.peers.fastpass_loader",
    "torchvision": "fastpass.bench.peers.torchvision_pil",
    "torchvision_v2": "fastpass.bench.peers.torchvision_v2",
    "dali": "fastpass.bench.peers.dali",
    "ffcv": "fastpass.bench.peers.ffcv",
}


def load_feed_peers(names: Iterable[str], job: FeedJob) -> tuple[list[FeedPeer], dict[str, str]]:
    """(usable peers, why each other one is left out)."""
    peers: list[FeedPeer] = []
    missing: dict[str, str] = {}
    for name in names:
        try:
            made = importlib.import_module(FEED_PEERS[name]).make_peers(job)
        except (ImportError, OSError) as error:  # OSError: a system library it needs is absent
            missing[name] = f"not installed: {getattr(error, 'name', None) or error}"
            continue
        if not made:
            missing[name] = f"does not do the recipe {job.recipe.name}"
        peers.extend(made)
    return peers, missing
