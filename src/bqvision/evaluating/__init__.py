"""Answers held against the truth: which prompt, model or function is right how often, and at what price.

`truth` reads what is right, `expected` reads its values by the record's types, `matching` compares one with another,
`scores` counts, `evaluation` does it for a run, `comparing` for several analyses, whose results are in `comparison`.
"""
