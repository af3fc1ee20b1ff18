"""Fusers that sample from a diffusion model."""
