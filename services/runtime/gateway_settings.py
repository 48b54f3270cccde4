"""The settings of the gateway: where it listens, whom it lets in, how much it takes."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from services.runtime.setting_values import Bytes, Names, Networks, Seconds


class GatewaySettings(BaseSettings):
    """Part of Settings, which every process reads."""

    gateway_host: str = Field("127.0.0.1", description="Where the gateway listens")
    gateway_port: int = Field(8080, ge=0, le=65_535, description="Its port; 0: a free one")
    gateway_file: Path | None = Field(None, description="File to write the gateway's URL to")
    gateway_cert_file: Path | None = Field(
        None, description="PEM file: the gateway's certificate; set, it answers https only"
    )
    gateway_key_file: Path | None = Field(None, description="PEM file: the key of it")
    gateway_proxies: Networks = Field(
        frozenset(),
        description="Addresses of proxies whose X-Forwarded-For is believed, comma separated",
    )
    gateway_origins: Names = Field(
        frozenset(), description="Web origins that may call it (CORS), comma separated; empty: none"
    )
    gateway_body_max_bytes: Bytes = Field(256 * 1024, description="A larger request is refused")
    gateway_answer_seconds: Seconds = Field(
        10, description="How long Kafka and MongoDB have for one request; then 503"
    )
    gateway_key_per_second: int = Field(
        1_000, ge=1, description="Requests of one API key, in each gateway"
    )
    gateway_address_per_second: int = Field(
        20, ge=1, description="Requests without a valid key from one address, in each gateway"
    )
    gateway_streams_max: int = Field(
        1_000, ge=1, description="Event streams that are open at once, in each gateway"
    )
    events_lost_seconds: Seconds = Field(
        300, description="What a step said and the projection did not hear by then counts as lost"
    )
    auth: Literal["on", "off"] = Field(
        "on", description="off: everybody may do everything; on a loopback address only"
    )
