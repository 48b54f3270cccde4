"""mongod under TLS that asks for certificates and passwords, with a user made for the run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from deploy.local import store
from deploy.local.child import Child, end, spawn
from deploy.local.embedded import MONGOD_WHEEL, SERVER_ENV, binary
from deploy.local.ports import LOOPBACK, free_ports, is_open
from deploy.local.stack import STEPS
from tests.certificates import Certificate, made_certificate
from tests.integration.polling import until

USER, PASSWORD = "onboarding", "hunter2"


@dataclass(frozen=True)
class SecuredMongo:
    """Where it is, and the URI that it lets in."""

    host: str
    certificate: Certificate

    def uri(self, password: str = PASSWORD, authority: Path | None = None) -> str:
        tls = f"tls=true&tlsCAFile={authority or self.certificate.alone}"
        login = f"authSource=admin&tlsCertificateKeyFile={self.certificate.with_key}"
        return f"mongodb://{USER}:{password}@{self.host}/?{store.DURABLE}&{tls}&{login}"


@asynccontextmanager
async def secured_mongo(folder: Path, prefix: str) -> AsyncIterator[SecuredMongo]:
    """A replica set of one. Its user may read and write the databases of our processes only."""
    certificate, (port,) = made_certificate(folder), free_ports(1)
    key = folder / "keyfile"
    key.write_text("a key between members of the set")
    key.chmod(0o600)
    (folder / "data").mkdir()
    flags = {
        "--dbpath": folder / "data", "--bind_ip": LOOPBACK, "--port": port,
        "--replSet": store.REPLICA_SET, "--keyFile": key, "--tlsMode": "requireTLS",
        "--tlsCertificateKeyFile": certificate.with_key, "--tlsCAFile": certificate.alone,
        "--wiredTigerCacheSizeGB": "0.25",
    }  # fmt: skip
    pairs = [str(word) for flag in flags.items() for word in flag]
    argv = (str(binary(MONGOD_WHEEL, "mongod")), "--quiet", "--nounixsocket", "--auth", *pairs)
    process = await spawn(Child("mongo", argv, SERVER_ENV), folder / "mongo.log")
    try:
        await until("an open port", partial(is_open, port))
        one = SecuredMongo(f"{LOOPBACK}:{port}", certificate)
        await _make_user(one, prefix)
        yield one
    finally:
        await end(process, 20)


async def _make_user(one: SecuredMongo, prefix: str) -> None:
    """By an administrator, who is let in without a password until there is one."""
    ours = (*STEPS, "saga_state", "gateway")
    names = [f"{prefix}saga_state", *(f"{prefix}onboarding_{one}" for one in ours)]
    roles = [{"role": "readWrite", "db": name} for name in names]
    async with _client(one) as client:
        members = [{"_id": 0, "host": one.host}]
        await client.admin.command(
            "replSetInitiate", {"_id": store.REPLICA_SET, "members": members}
        )

        async def is_primary() -> bool:
            return bool((await client.admin.command("hello")).get("isWritablePrimary"))

        await until("a primary", is_primary)
        await client.admin.command("createUser", "admin", pwd=PASSWORD, roles=["root"])
    async with _client(one, username="admin", password=PASSWORD) as client:
        await client.admin.command("createUser", USER, pwd=PASSWORD, roles=roles)


def _client(one: SecuredMongo, **login: str) -> AsyncMongoClient[dict[str, Any]]:
    own, authority = str(one.certificate.with_key), str(one.certificate.alone)
    return AsyncMongoClient(
        one.host, directConnection=True, tls=True, tlsCertificateKeyFile=own, tlsCAFile=authority,
        **login,
    )  # fmt: skip
