"""Registered infrared/visible image pairs and their labels: readers, checks and the synthetic laboratory.

This package is ours, not Hugging Face's `datasets`. It imports nothing else of the project, and importing it
loads neither torch nor OpenCV.
"""
