# One image for every process of docker-compose.yml; the command says which one it is.
FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/retel

COPY requirements.txt .
RUN pip install --disable-pip-version-check -r requirements.txt

COPY . .
# Collected at build time, so the image serves its own files; the key is not used for anything else.
RUN RETEL_SECRET_KEY=build python manage.py collectstatic --noinput --verbosity 0 \
    && useradd --system --uid 10001 retel \
    && mkdir -p /var/lib/retel/archive /var/lib/retel/usage \
    && chown -R retel /var/lib/retel
USER retel
VOLUME /var/lib/retel

CMD ["granian", "--interface", "wsgi", "billing_project.wsgi:application", "--host", "0.0.0.0", "--port", "8000"]
