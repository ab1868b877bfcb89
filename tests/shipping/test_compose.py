"""The compose files: taken by docker compose itself, and every container locked up."""

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest

from headwater.core.settings import Settings

from .conftest import ROOT

FILES = ["compose.yaml", "compose.embedded.yaml"]
KNOWN = {f"HEADWATER_{name.upper()}" for name in Settings.model_fields}


def composed(name: str) -> dict[str, Any]:
    """The file as docker compose understands it, with all its profiles."""
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    said = subprocess.run(
        [program, "--file", name, "--profile", "*", "config", "--format", "json"],
        cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert not said.stderr
    return json.loads(said.stdout)


@pytest.mark.parametrize("name", FILES)
def test_every_container_of_ours_is_locked_up_and_its_port_is_this_machines(name):
    services = composed(name)["services"]
    ours = {key: one for key, one in services.items() if one["image"].startswith("headwater")}

    assert ours
    for one in ours.values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
    for one in services.values():
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in one
        assert {port["host_ip"] for port in one.get("ports", [])} <= {"127.0.0.1"}
        assert not [volume for volume in one.get("volumes", []) if volume["type"] == "bind"]


@pytest.mark.parametrize("name", FILES)
def test_no_secret_is_in_an_environment_and_every_setting_is_one(name):
    document = composed(name)
    services = document["services"]
    given = {key for one in services.values() for key in one.get("environment") or {}}
    used = {secret["source"] for one in services.values() for secret in one.get("secrets", [])}

    assert {key for key in given if key.startswith("HEADWATER_")} <= KNOWN
    assert not [key for key in given if re.search(r"PASSWORD$|_URL$|KEY$", key)]
    assert used == set(document.get("secrets", {}))
    assert {secret.upper() for secret in used if secret.startswith("headwater_")} <= KNOWN


def test_the_schema_is_made_before_the_service_starts_and_only_there_by_the_administrator():
    services = composed("compose.yaml")["services"]

    assert services["headwater"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    holders = {
        key for key, one in services.items()
        if "headwater_admin_database_url" in [secret["source"] for secret in one.get("secrets", [])]
    }  # fmt: skip
    assert holders == {"migrate"}
    assert services["migrate"]["command"] == ["migrate"]
