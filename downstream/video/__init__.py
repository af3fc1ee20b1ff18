"""Fused videos: quality of their frames, consistency over time, frames per second."""
