"""Labelled pictures from nothing: fractals of random iterated function systems."""

from fastpass.synth.dataset import SynthSummary, synthesize

__all__ = ["SynthSummary", "synthesize"]
