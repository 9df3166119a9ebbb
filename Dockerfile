# One image for the panel, the mail service and the jobs; docker-compose.yml says which of them a container is.
FROM python:3.13-slim

RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin casilla \
    && install -d -m 0700 -o casilla -g casilla /var/lib/casilla

WORKDIR /srv/casilla
ENV PYTHONUNBUFFERED=1 DATA_DIR=/var/lib/casilla STATIC_ROOT=/srv/casilla/static

COPY requirements/production.txt requirements/
RUN pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements/production.txt

COPY manage.py ./
COPY controlpanel controlpanel
COPY pop3service pop3service
COPY templates templates
COPY locale locale
RUN python -m controlpanel.launcher.catalogs && python manage.py collectstatic --no-input --verbosity=0

USER casilla
EXPOSE 8000 110 995 24
