"""The synthetic laboratory: street scenes in which it is known which modality shows each object.

Import from the modules: `settings` (what to draw), `scene` (what stands where), `render` (one pair with its labels),
`writer` (a dataset folder), `dataset` (reading that folder). Nothing is imported here.
"""
