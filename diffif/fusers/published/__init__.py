"""Published weights: where they lie, and how they are read and converted."""
