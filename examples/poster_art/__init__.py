"""The drawings behind the sample posters: a small canvas, and one function for each poster."""
