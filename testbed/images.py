"""The images that the container tests run on: the official ones, or stand-ins built here."""

import functools
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from testbed import jars
from testbed.engine import EngineError, docker, run

NEO4J = "neo4j:5.26-community"
S3PROXY = "andrewgaul/s3proxy:4.0.0"
NEO4J_STAND_IN = "neo4j-r2-testbed/neo4j:5.26"
S3PROXY_STAND_IN = "neo4j-r2-testbed/s3proxy:4.1.0"
PULL_SECONDS = 240.0
_DOCKERFILE = Path(__file__).resolve().parent / "containers" / "Dockerfile"


@dataclass(frozen=True)
class Images:
    """Names of images that are all present on this machine."""

    python: str
    """For the build argument PYTHON_IMAGE of the project's Dockerfile."""
    neo4j: str
    s3: str
    stand_ins: frozenset[str]
    """Those of the three that are not the official image."""


@functools.cache
def resolve() -> Images:
    """Have all images: each the official one if it is here or can be pulled, else its stand-in.

    Where no registry answers, nothing but Debian's and Maven's archives is needed, and only when
    the stand-ins' inputs have changed. Raises EngineError when an image can neither be pulled nor
    be built, and JavaError when Maven cannot get the jars.
    """
    official = (_python_image(), NEO4J, S3PROXY)
    with ThreadPoolExecutor() as pool:
        python_is_here, neo4j_is_here, s3_is_here = pool.map(_is_available, official)
    python = official[0] if python_is_here else _python_stand_in(official[0])
    neo4j = NEO4J if neo4j_is_here else _neo4j_stand_in(python)
    s3 = S3PROXY if s3_is_here else _s3proxy_stand_in(python)
    return Images(python, neo4j, s3, frozenset({python, neo4j, s3}.difference(official)))


def _python_image() -> str:
    """The base image that the project's Dockerfile names."""
    dockerfile = jars.PROJECT_ROOT / "Dockerfile"
    default = re.search(
        r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile.read_text(encoding="utf-8"), re.MULTILINE
    )
    if default is None:
        raise EngineError(f"{dockerfile} has no default for its argument PYTHON_IMAGE")
    return default[1]


def _is_available(image: str) -> bool:
    if _is_local(image):
        return True
    try:
        docker("pull", "--quiet", image, seconds=PULL_SECONDS)
    except EngineError:
        return False
    return True


def _is_local(image: str) -> bool:
    return run("image", "inspect", image).returncode == 0


def _python_stand_in(image: str) -> str:
    """The local image of the same Python and Debian, of whatever patch release."""
    stand_in = re.sub(r":(\d+\.\d+)\.\d+", r":\1", image.partition("@")[0])
    if not _is_local(stand_in):
        raise EngineError(f"{image} cannot be pulled, and there is no local {stand_in} instead")
    return stand_in


def _neo4j_stand_in(base: str) -> str:
    for kind in ("neo4j", "apoc", "cypher-shell"):
        jars.resolve(kind)
    return _build("neo4j", NEO4J_STAND_IN, base)


def _s3proxy_stand_in(base: str) -> str:
    jars.resolve("s3proxy")
    return _build("s3proxy", S3PROXY_STAND_IN, base)


def _build(target: str, tag: str, base: str) -> str:
    """Build a stage of the stand-ins' Dockerfile; the layer cache knows whether anything is new."""
    print(f"Building {tag}, unless it is up to date ...", file=sys.stderr, flush=True)
    command = ["build", "--progress=plain", f"--file={_DOCKERFILE}", f"--target={target}"]
    command += [f"--tag={tag}", f"--build-arg=BASE={base}", str(jars.PROJECT_ROOT)]
    # Only BuildKit reads the .dockerignore that is the Dockerfile's own.
    docker(*command, variables={"DOCKER_BUILDKIT": "1"})
    return tag
