"""Grids: many cells, each a pure function of its settings, computed once by however many runners share a folder."""
