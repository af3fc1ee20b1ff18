"""Detection with YOLO: training that resumes exactly, COCO average precision, and what the report shows of it."""
