"""Readers: one small module a source kind. They read, they do not judge what a record needs.

tables, jsonl → rows.RawRow;  images, pdf, ofd, texts → pages.FoundPage;  office → attachment text.
To add a reader, write a module that gives one of these and name its endings in `files.py`.
"""
