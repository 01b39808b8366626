# Airflow with the audit trail: every service of docker-compose.yaml but PostgreSQL and Redis.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 audit
WORKDIR /opt/audit-trail
# The last three are for volumes: an empty one takes owner and mode from here.
RUN chown audit:audit /opt/audit-trail \
    && install -d -m 0700 -o audit -g audit /etc/audit-trail /var/lib/audit-trail /var/log/audit-trail
USER audit

# Before the code, so that a change of code does not install everything again.
COPY --chown=audit:audit run.sh requirements.lock requirements-pip.lock ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-pip.lock \
    && .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock \
    && cp requirements.lock .venv/requirements.lock \
    && mkdir -m 0700 .run

COPY --chown=audit:audit plugins plugins
COPY --chown=audit:audit dags dags

# Compiles the scanner now, so that no container does it at its first run.
RUN echo warm | PYTHONPATH=plugins .venv/bin/python -m audit_trail redact

VOLUME /opt/audit-trail/.run
EXPOSE 8080
CMD ["./run.sh", "up"]
