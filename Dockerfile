# 档海 Danghai: one image for the API, the projector, the reading of scans and the explorer (compose.yaml).
FROM python:3.11-slim-bookworm

# What OpenCV needs of the system, and the fonts that set panels 展板 (README).
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/danghai
# The lock is complete and hashed: nothing else comes in.
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements/base.txt

COPY danghai.py serving.py ./
COPY holdings holdings
COPY models models
COPY curation curation
COPY indexer indexer
COPY search_api search_api
COPY ui ui

RUN useradd --uid 10001 --create-home danghai \
 && install -d -o danghai -g danghai /data /models
USER danghai
ENV DANGHAI_HOME=/data DANGHAI_MODELS_DIR=/models PYTHONUNBUFFERED=1
EXPOSE 8080

HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=4 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=5)"]
ENTRYPOINT ["python", "-m", "danghai"]
CMD ["serve", "--host", "0.0.0.0"]
