"""Files that came with a record: office documents, mail, a recording."""

from __future__ import annotations

import io
import wave
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import numpy as np

from .files import freeze_zip


def write_attachment(name: str, text: str, folder: Path) -> Path:
    """Write `<档号>/<name>` by its kind. A recording becomes a short WAV whatever its name ends in."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    kind = path.suffix.lower()
    if kind in {".mp3", ".wav"}:
        path = path.with_suffix(".wav")
        path.write_bytes(_recording())
    elif kind == ".docx":
        path.write_bytes(_document(text))
    elif kind == ".xlsx":
        path.write_bytes(_table(text))
    elif kind == ".eml":
        path.write_bytes(_mail(path.stem, text))
    else:
        path.write_text(text, "utf-8")
    return path


def _recording() -> bytes:
    """Two seconds of a 440 Hz square wave, 8 kHz, mono: a stand-in for a recording."""
    out = io.BytesIO()
    steps = np.arange(16000, dtype=np.int64)
    tone = np.where((steps * 880 // 8000) % 2 == 0, 3000, -3000).astype("<i2")
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(tone.tobytes())
    return out.getvalue()


def _document(text: str) -> bytes:
    from docx import Document

    document = Document()
    for paragraph in text.split("\n"):
        document.add_paragraph(paragraph)
    out = io.BytesIO()
    document.save(out)
    return freeze_zip(out.getvalue())


def _table(text: str) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for line in text.split("\n"):
        book.worksheets[0].append(line.split("|"))
    out = io.BytesIO()
    book.save(out)
    return freeze_zip(out.getvalue())


def _mail(subject: str, text: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("来信人（样例）", "letters", "example.invalid")
    message["To"] = Address("蓬屿市海洋与经济局（样例）", "office", "example.invalid")
    message["Date"] = "Sat, 31 Dec 2022 00:00:00 +0800"
    message["Subject"] = subject
    message["Message-ID"] = "<sample@example.invalid>"
    message.set_content(text, cte="base64")
    return message.as_bytes()
