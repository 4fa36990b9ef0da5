"""What a browser may do with the explorer's pages."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import streamlit
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)

#: Streamlit's own page, and the script that stands in it.
_PAGE = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


def _own_scripts() -> list[str]:
    """What lets exactly the scripts run that stand in Streamlit's page (CSP level 2 hashes)."""
    scripts = _INLINE.findall(_PAGE.read_text(encoding="utf-8"))
    digests = (sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{b64encode(digest).decode()}'" for digest in digests]


#: Everything comes from here. blob: is how Streamlit loads a component's script; no 'unsafe-eval' is needed.
POLICY = (
    ContentSecurityPolicy()
    .default_src("'self'")
    .script_src("'self'", "blob:", *_own_scripts())
    .style_src("'self'", "'unsafe-inline'")
    .img_src("'self'", "data:", "blob:")
    .font_src("'self'", "data:")
    .connect_src("'self'", "ws:", "wss:")
    .worker_src("'self'", "blob:")
    .object_src("'none'")
    .base_uri("'self'")
    .form_action("'self'")
    .frame_ancestors("'none'")
)
HEADERS = Secure(
    csp=POLICY,
    coop=CrossOriginOpenerPolicy().same_origin(),
    corp=CrossOriginResourcePolicy().same_origin(),
    hsts=StrictTransportSecurity().max_age(31_536_000),
    referrer=ReferrerPolicy().same_origin(),
    xcto=XContentTypeOptions().nosniff(),
    xfo=XFrameOptions().deny(),
)
