# Airflow and the pipeline in one image: the official image for its Python, user and entrypoint; what
# runs in it is the project's own lock, in a virtual environment that nothing of the image can alter.
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.11
FROM ${AIRFLOW_IMAGE}

ENV VIRTUAL_ENV=/opt/airflow/venv \
    LENS_HOME=/opt/airflow/lens \
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_USER=0 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/airflow

# The user of the image is airflow, in group 0. The containers run as another user of that group
# (AIRFLOW_UID), so all that is written at run time is open to the group.
RUN python -m venv --without-pip venv && mkdir -p project/requirements lens landing demo_files exports backups && \
    chmod g+w . lens logs
COPY --chown=airflow:0 requirements/runtime.txt project/requirements/
RUN python -m pip --python venv/bin/python install --no-cache-dir --no-deps --require-hashes \
    --requirement project/requirements/runtime.txt

COPY --chown=airflow:0 pyproject.toml project/
COPY --chown=airflow:0 dags project/dags
COPY --chown=airflow:0 dbt_project project/dbt_project
COPY --chown=airflow:0 great_expectations project/great_expectations
COPY --chown=airflow:0 metabase project/metabase
COPY --chown=airflow:0 seeds_generator project/seeds_generator
RUN python -m pip --python venv/bin/python install --no-cache-dir --no-deps --no-build-isolation \
    --editable project && chmod -R g+rX project

ENV PATH=/opt/airflow/venv/bin:${PATH}
