"""The explorer's entry: `streamlit run ui/app.py`. The script is explorer.py; beside it stand our own routes."""

from __future__ import annotations

import sys
from pathlib import Path

# `streamlit run` puts this file's folder on the path, not the project's root.
sys.path.append(str(Path(__file__).resolve().parent.parent))

import streamlit as st
from secure.middleware import SecureASGIMiddleware
from starlette.middleware import Middleware

from ui.headers import HEADERS
from ui.routes import ROUTES
from ui.visiting import SameOrigin, VisitorCookie

app = st.App(
    Path(__file__).with_name("explorer.py"),
    routes=ROUTES,
    middleware=[
        Middleware(SecureASGIMiddleware, secure=HEADERS, multi_ok=()),
        Middleware(SameOrigin),
        Middleware(VisitorCookie),
    ],
)
