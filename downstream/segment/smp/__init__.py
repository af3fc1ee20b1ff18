"""The networks of segmentation-models-pytorch; nothing outside this folder imports that package."""
