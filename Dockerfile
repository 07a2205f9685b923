# Two stages: what builds stays behind. Build: docker build -t zhanggui .
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/zhanggui
# The packages first: they change less often than the code, and this layer is kept.
COPY requirements.lock ./
RUN /opt/zhanggui/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml LICENSE README.md ./
COPY bot bot
COPY store store
COPY webhooks webhooks
RUN /opt/zhanggui/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# Letters for the charts that WeCom is sent as pictures.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-wqy-microhei \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data zhanggui \
    && install -d -o zhanggui -g zhanggui /data
COPY --from=build /opt/zhanggui /opt/zhanggui
ENV PATH=/opt/zhanggui/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
# From here ./config.yaml is /config.yaml, to be mounted read-only, and the default
# database is /data/zhanggui.db, with or without it. Back the volume up.
WORKDIR /
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["zhanggui", "serve", "--host", "0.0.0.0"]
