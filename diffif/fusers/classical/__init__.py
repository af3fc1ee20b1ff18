"""Fusers without learned weights, one file each."""
