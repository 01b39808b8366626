# Airflow with the audit trail and an embedded S3 store, for trying it out.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 audit
WORKDIR /opt/audit-trail
RUN chown audit:audit /opt/audit-trail
USER audit

# Before the code, so that a change of code does not install everything again.
COPY --chown=audit:audit run.sh requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock \
    && cp requirements.lock .venv/requirements.lock \
    && mkdir -m 0700 .run

COPY --chown=audit:audit plugins plugins
COPY --chown=audit:audit dags dags

VOLUME /opt/audit-trail/.run
EXPOSE 8080
CMD ["./run.sh", "up"]
