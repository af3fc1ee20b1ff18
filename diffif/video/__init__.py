"""Fusing what moves: video files, folders of frames, cameras."""
