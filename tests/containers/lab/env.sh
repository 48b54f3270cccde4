# To be sourced: podman of the lab at $LAB, and how testcontainers finds it.
export CONTAINERS_CONF=$LAB/conf/containers.conf
export CONTAINERS_STORAGE_CONF=$LAB/conf/storage.conf
export CONTAINERS_REGISTRIES_CONF=$LAB/conf/registries.conf
export DOCKER_HOST=unix://$LAB/podman.sock TESTCONTAINERS_RYUK_DISABLED=true
export TESTCONTAINERS_CONNECTION_MODE=docker_host TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
export ONBOARDING_TEST_KAFKA_IMAGE=localhost/onboarding-lab/kafka ONBOARDING_TEST_MONGO_IMAGE=localhost/onboarding-lab/mongo
