"""The table of those who share in the work. A change here comes with an Alembic migration."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base


class WorkerRow(Base):
    """One process that reads or embeds beside others, as it last said. Written by itself, every few seconds.

    kind: "ocr" or "embed". maker: the model it reads or embeds with. seen_at: by the database's clock, which
    all share. rate: pieces a minute, lately.
    """

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    maker: Mapped[str] = mapped_column(String(200))
    seen_at: Mapped[datetime]
    done: Mapped[int]
    failed: Mapped[int]
    rate: Mapped[float] = mapped_column(Float)
