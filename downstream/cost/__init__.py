"""Time and memory that a fuser takes per image."""
