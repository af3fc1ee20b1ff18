"""Every metric as a pure function `metric(fused, visible, infrared, *, convention)`, one file each."""
