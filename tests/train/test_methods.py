"""What the trainer asks of a method: shown by a second one, which lives in the tests."""

from __future__ import annotations

from pathlib import Path

import launched
import pytest
import tiny_method
import torch

from fastpass.errors import ConfigError
from fastpass.train.checkpoint import find_checkpoint
from fastpass.train.methods.dino import DinoMethod
from fastpass.train.methods.method import RunFacts
from fastpass.train.methods.registry import find_method
from fastpass.train.read_config import read_config

HERE = Path(__file__).parent
TINY = HERE / "tiny_method.toml"


def test_methods_are_found_by_name():
    assert find_method("dino") is DinoMethod
    assert find_method("tiny") is tiny_method.TinyMethod
    with pytest.raises(ConfigError, match=r"method.name: 'none' is none of dino, tiny"):
        find_method("none")


def test_a_method_brings_its_own_sections():
    config = read_config(TINY, ["queue.weight=2"])
    assert isinstance(config, tiny_method.TinyConfig)
    assert (config.queue.length, config.queue.weight) == (12, 2.0)
    for override, words in [
        ("queue.size=3", "unknown key queue.size"),
        ("head.num_prototypes=3", "unknown key head"),
        ("train.teacher_momentum=0.9", "unknown key train.teacher_momentum"),
        ("method.name=none", "'none' is none of dino, tiny"),
        ("method.name=3", "method.name"),
    ]:
        with pytest.raises(ConfigError, match=words):
            read_config(TINY, [override])


@pytest.mark.parametrize("kinds", [("global",), ("local", "global"), ("local", "local")])
def test_dino_refuses_views_without_two_or_with_a_local_one_first(kinds):
    config = read_config(HERE / "tiny.toml")
    facts = RunFacts(1, 4, kinds, (16,) * len(kinds), torch.device("cpu"))
    with pytest.raises(ConfigError, match=f"{', '.join(kinds)}; DINO needs at least two"):
        DinoMethod(config, facts)


@pytest.mark.slow
@pytest.mark.timeout(3 * launched.LIMIT_SECONDS)
def test_its_runs_resume_exactly_with_the_state_of_each_rank(tmp_path):
    whole, resumed = launched.run_whole_and_resumed(
        tmp_path, TINY, "train.threads_per_rank=1", step=6
    )
    files = ["student.safetensors", "rank-00000.safetensors", "rank-00001.safetensors"]
    launched.assert_equal_runs(resumed, whole, files)
    last = find_checkpoint(whole)
    assert last.step == 12
    queues = [last.tensors(file)["queue"] for file in files[1:]]
    assert not torch.equal(*queues)
    assert set(last.state["files"]) >= set(files)
