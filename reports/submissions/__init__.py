"""Submissions to the leaderboard: written, read without trust, verified."""
