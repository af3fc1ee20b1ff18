"""Diff-IF and the fusers it is compared with: models, fusion knowledge prior, training, fusers and fusion metrics."""
