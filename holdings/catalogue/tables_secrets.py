"""The table of what every process of an installation must know and nobody else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base


class SecretRow(Base):
    """A key made once, by whoever needed it first."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
