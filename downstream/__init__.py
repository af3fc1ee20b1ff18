"""Tasks that judge fused images: image quality, detection, segmentation, cost; alone or as a grid."""
