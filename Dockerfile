# The consumer: KCL's daemon, a Java runtime, the record processor. Nothing of development, no compiler, no pip, no
# shell scripts.
#
#   docker build --build-context data="$HOME/.cache/rastro/data" -t rastro-consumer .
#
# Without the `data` context the image has no geo database and the geo columns stay null.
# Python packages are pinned by hash; Debian's are not, so that a rebuild brings its security fixes.

ARG BASE=docker.io/library/debian:trixie-slim

# Replaced by --build-context data=DIR.
FROM scratch AS data
WORKDIR /

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
      python3 python3-pip python3-setuptools python3-venv python3-wheel \
 && rm -rf /var/lib/apt/lists/*
COPY requirements/consumer.txt /build/requirements.txt
# amazon_kclpy comes as source and fetches KCL's jars while its wheel is built, with Debian's setuptools. All others come
# as wheels for both processors, so there is no compiler here either: one that would need it stops the build.
RUN python3 -m venv --system-site-packages /build/tools \
 && /build/tools/bin/python -m pip wheel --quiet --no-build-isolation --no-deps --require-hashes \
      --requirement /build/requirements.txt --wheel-dir /build/wheels \
 && python3 -m venv --without-pip /opt/rastro \
 && /build/tools/bin/python -m pip --python /opt/rastro/bin/python install --quiet --no-index --no-deps \
      --no-compile /build/wheels/*.whl
COPY schemas /opt/rastro/app/schemas
COPY enrich_consumer /opt/rastro/app/enrich_consumer
COPY reference_data /opt/rastro/app/reference_data
COPY --from=data / /opt/rastro/data/
# Test databases lie beside the real ones and are left out.
# Bytecode is made here, because the root file system is read-only later; checked by content, so builds repeat.
RUN rm -rf /opt/rastro/data/test-sets && find /opt/rastro -name __pycache__ -prune -exec rm -rf {} + \
 && /opt/rastro/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/rastro/lib /opt/rastro/app \
 && ls /opt/rastro/lib/python3*/site-packages/amazon_kclpy/jars/amazon-kinesis-client-multilang-*.jar > /dev/null

FROM ${BASE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 tini tzdata \
 && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log \
 && groupadd --gid 10001 rastro \
 && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin rastro
COPY --from=build /opt/rastro /opt/rastro
ENV PATH=/opt/rastro/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/rastro/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    RASTRO_DATA_DIR=/opt/rastro/data \
    RASTRO_HEARTBEAT=/tmp/rastro/heartbeat
USER 10001:10001
WORKDIR /tmp
# The one place that is written to: generated properties, heartbeats. The rest can be mounted read-only.
VOLUME /tmp
HEALTHCHECK --interval=30s --timeout=10s --start-period=300s --retries=3 \
    CMD ["python", "-m", "enrich_consumer", "health"]
# tini is process 1: it passes SIGTERM on to the daemon, which then hands its leases over, and reaps what is left.
ENTRYPOINT ["/usr/bin/tini", "--", "python", "-m", "enrich_consumer"]
CMD ["kcl"]
