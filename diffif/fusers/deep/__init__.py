"""Fusers with weights that their authors published, one file each."""
