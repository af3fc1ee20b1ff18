"""The detectors of ultralytics; nothing outside this folder imports that package."""
