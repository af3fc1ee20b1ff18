"""The Diff-IF networks, their diffusion, losses, samplers and checkpoints: tensors only, no data sets, no colour."""
