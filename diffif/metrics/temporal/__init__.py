"""Consistency of fused videos over time: metrics of three consecutive frames, by optical flow."""
