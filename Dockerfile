# Airflow and the pipeline in one image: the official image for its Python, user and entrypoint; what
# runs in it is the project's own lock, in a virtual environment that nothing of the image can alter.
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.11
FROM ${AIRFLOW_IMAGE}

ENV VIRTUAL_ENV=/opt/airflow/venv \
    LENS_HOME=/opt/airflow/lens \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/airflow

# The user of the image is airflow, in group 0. The containers run as another user of that group
# (AIRFLOW_UID), so all that is written at run time is open to the group.
RUN python -m venv --without-pip venv && mkdir -p loyalty_lens/requirements lens landing demo_files exports && \
    chmod g+w . lens logs
COPY --chown=airflow:0 requirements/runtime.txt loyalty_lens/requirements/
RUN python -m pip --python venv/bin/python install --no-cache-dir --no-deps --require-hashes \
    --requirement loyalty_lens/requirements/runtime.txt

COPY --chown=airflow:0 pyproject.toml loyalty_lens/
COPY --chown=airflow:0 dags loyalty_lens/dags
COPY --chown=airflow:0 dbt_project loyalty_lens/dbt_project
COPY --chown=airflow:0 great_expectations loyalty_lens/great_expectations
COPY --chown=airflow:0 metabase loyalty_lens/metabase
COPY --chown=airflow:0 seeds_generator loyalty_lens/seeds_generator
RUN python -m pip --python venv/bin/python install --no-cache-dir --no-deps --no-build-isolation \
    --editable loyalty_lens && chmod -R g+rX loyalty_lens

ENV PATH=/opt/airflow/venv/bin:${PATH}
