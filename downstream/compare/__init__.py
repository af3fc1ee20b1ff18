"""Many fusers on many datasets by many tasks."""
