"""The local vision model: reads the print on an image with RapidOCR, and knows nothing beyond it."""

from __future__ import annotations

from bqvision.local.ocr.reader import OCRReader

__all__ = ["OCRReader"]
