# The image of the API: the locked runtime dependencies and the code, run as a plain user. The embedded server and
# the tools stay out. The index that pip uses can be set with the build argument PIP_INDEX_URL.
FROM python:3.13-slim

ARG PIP_INDEX_URL
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HUAYUAN_WORKERS=4

RUN useradd --system --create-home --uid 10001 huayuan && install -d -o huayuan /var/lib/huayuan
WORKDIR /srv/huayuan

COPY requirements-runtime.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-runtime.lock

COPY alembic.ini ./
COPY alembic alembic
COPY app app
COPY client/huayuan_client huayuan_client
COPY verify verify
RUN python -m compileall -q app

USER huayuan
EXPOSE 8411
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8411/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["serve", "--host", "0.0.0.0"]
