"""The questions that decide whether a process is ready, each answered yes or no, never raised."""

from deploy.local.folder import StateFolder


async def service_is_ready(folder: StateFolder, name: str) -> bool:
    """Whether it has written its health address and answers 200 to /readyz there."""
    url = folder.health_url(name)
    return url is not None and await answers(f"{url}/readyz")


async def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    from aiohttp import ClientError, ClientSession, ClientTimeout

    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=2)) as session,
            session.get(url) as answer,
        ):
            return answer.status == 200
    except (ClientError, TimeoutError, ValueError):
        return False


async def kafka_is_ready(address: str) -> bool:
    """Whether the broker names itself to a client, which it does once it serves."""
    from aiokafka.client import AIOKafkaClient
    from aiokafka.errors import KafkaError

    client = AIOKafkaClient(bootstrap_servers=address, request_timeout_ms=2000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except KafkaError:
        return False
    finally:
        await client.close()
