"""The catalogue 目录库: the system of record. Everything else is derived from it and can be rebuilt."""

from holdings.catalogue.catalogue import Catalogue
from holdings.catalogue.incoming import Incoming, IncomingAttachment, IncomingPage, Outcome
from holdings.catalogue.outbox import OutboxItem, Rebuild, Stage
from holdings.catalogue.pages import StoredPage, WaitingPage
from holdings.catalogue.records import StoredRecord
from holdings.catalogue.workers import Worker

__all__ = [
    "Catalogue",
    "Incoming",
    "IncomingAttachment",
    "IncomingPage",
    "OutboxItem",
    "Outcome",
    "Rebuild",
    "Stage",
    "StoredPage",
    "StoredRecord",
    "WaitingPage",
    "Worker",
]
