"""Segmentation: networks, a training that resumes exactly, mIoU from summed counts, and what the report shows of it."""
