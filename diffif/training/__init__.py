"""Training Diff-IF: recipes (settings), crops, the loop with its exact resume, and validation by image metrics."""
