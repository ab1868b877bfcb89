# Headwater in a container: docker build --tag headwater .
# Both stages begin with this image. Pin it by digest where you build: --build-arg PYTHON=python:3.11-slim-bookworm@sha256:…
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /src
RUN python -m venv /opt/tools && /opt/tools/bin/pip install --no-cache-dir 'uv>=0.13,<0.14'
COPY requirements/ requirements/
RUN python -m venv --without-pip /opt/headwater && \
    /opt/tools/bin/uv pip install --python /opt/headwater/bin/python --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY src/ src/
RUN /opt/tools/bin/uv build --wheel --build-constraints requirements/dev.txt --out-dir /opt/tools/dist && \
    /opt/tools/bin/uv pip install --python /opt/headwater/bin/python --no-deps /opt/tools/dist/*.whl

FROM ${PYTHON}
LABEL org.opencontainers.image.title="Headwater" \
      org.opencontainers.image.description="Keeps a company's CRM data live, exact and isolated in its own PostgreSQL." \
      org.opencontainers.image.licenses="Apache-2.0"
# The user needs a name: PostgreSQL refuses to run under a number without one. tini reaps what PostgreSQL leaves behind.
# Security fixes of Debian are wanted, whatever their version.
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends ca-certificates tini && \
    rm -rf /var/lib/apt/lists/* && \
    python -m pip uninstall --yes pip && \
    groupadd --gid 10001 headwater && \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/headwater --shell /usr/sbin/nologin headwater && \
    install --directory --mode 0700 --owner 10001 --group 10001 /var/lib/headwater
COPY --from=build /opt/headwater /opt/headwater
ENV PATH=/opt/headwater/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    HEADWATER_HOME=/var/lib/headwater \
    HEADWATER_HOST=0.0.0.0
WORKDIR /var/lib/headwater
VOLUME /var/lib/headwater
EXPOSE 8080
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["headwater", "health"]
ENTRYPOINT ["tini", "--", "headwater"]
CMD ["serve"]
