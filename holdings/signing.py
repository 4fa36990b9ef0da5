"""Ed25519 keys in files, signatures, and short names of keys (RFC 8032, by `cryptography`)."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from holdings.errors import BadInput, NotFound

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def make_key(path: Path) -> Path:
    """A new private key at `path`, mode 0600, its public half beside it; returns the latter's place.

    Errors: BadInput when there is one already: a key is never overwritten.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise BadInput(f"{path} 已有密钥。", advice="要换密钥，请先把旧的移到别处保存。") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    public = public_file(path)
    public.write_bytes(
        key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    )
    return public


def public_file(private: Path) -> Path:
    """Where `make_key` put the public half."""
    return private.with_name(f"{private.name}.pub")


def load_private(path: Path, command: str) -> Ed25519PrivateKey:
    """command: what makes the key. Errors: NotFound; BadInput when others may read it, or it is no such key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not path.exists():
        raise NotFound(f"没有签名密钥 {path}。", advice=f"请运行：{command}。")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadInput(f"密钥 {path} 别人也能读。", advice=f"请运行：chmod 600 {path}；若已外泄请换新。")
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path} 不是密钥文件。", advice=f"请从备份恢复，或运行：{command}。") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{path} 不是 Ed25519 密钥。", advice=f"请运行：{command}。")
    return key


def load_public(path: Path) -> Ed25519PublicKey:
    """Errors: NotFound; BadInput when it is no such key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if not path.exists():
        raise NotFound(f"没有公钥 {path}。", advice="请把对方的公钥文件（.pub）放在那里，或指明它在何处。")
    try:
        key = load_pem_public_key(path.read_bytes())
    except ValueError as error:
        raise BadInput(
            f"{path} 不是公钥文件。", advice="公钥文件以 -----BEGIN PUBLIC KEY----- 开头。"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(f"{path} 不是 Ed25519 公钥。", advice="请用 danghai 生成的 .pub 文件。")
    return key


def key_name(key: Ed25519PublicKey) -> str:
    """16 hex digits that tell keys apart."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def is_signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
