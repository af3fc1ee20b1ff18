"""Ablation studies of Diff-IF."""
