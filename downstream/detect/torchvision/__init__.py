"""The detectors of torchvision: SSD, SSDLite, RetinaNet, FCOS and Faster R-CNN."""
