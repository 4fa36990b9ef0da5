"""The way in: readers → intake → catalogue → OCR → passages → projection."""
