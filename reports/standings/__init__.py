"""The page of the leaderboard, from a folder of submissions."""
