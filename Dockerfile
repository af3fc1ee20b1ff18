# syntax=docker/dockerfile:1
# The suite on a processor: docker build --tag diffif-bench . && docker run --rm --volume "$PWD/runs:/bench/runs" diffif-bench
# docs/deployment.md has the options.

FROM python:3.11-slim-bookworm AS build
# The package index of torch's CPU builds, as pytorch.org names it: an image of about 2 GB. Empty: torch as the default
# index has it, on x86 with the CUDA libraries, about 8 GB.
ARG TORCH_INDEX_URL=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY constraints.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --constraint constraints.txt ${TORCH_INDEX_URL:+--extra-index-url "$TORCH_INDEX_URL"} \
        torch torchvision
COPY pyproject.toml MANIFEST.in README.md LICENSE CHANGELOG.md CITATION.cff ./
COPY suite suite
COPY datasets datasets
COPY diffif diffif
COPY downstream downstream
COPY reports reports
# ultralytics asks for opencv-python, which needs libGL; the headless build goes over it, same version, same module.
RUN /opt/venv/bin/pip install --constraint constraints.txt . \
    && /opt/venv/bin/pip install --constraint constraints.txt --force-reinstall --no-deps opencv-python-headless

FROM python:3.11-slim-bookworm
RUN useradd --uid 1000 --create-home bench && install --directory --owner bench /bench /bench/runs
COPY --from=build /opt/venv /opt/venv
# HOME is a folder that any user id may write, so that --user works; libraries keep their caches there.
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1
USER 1000
WORKDIR /bench
ENTRYPOINT ["diffif-bench"]
CMD ["demo"]
