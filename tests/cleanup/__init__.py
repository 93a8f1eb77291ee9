"""Tests of taking away what was made."""
