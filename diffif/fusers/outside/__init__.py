"""Fusers from outside the suite: folders of images, ONNX files."""
