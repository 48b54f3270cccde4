"""Who may speak to whom: everything is refused but what a policy of the chart names."""

import pytest

from tests.deploy.helm_chart import CASES, of_kind, pods, render, rendered, values_of

CLOSED = [case for case in CASES if case != "off-values.yaml"]


def ports(rules) -> set[int | str]:
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_only_who_turns_them_off_has_no_policies():
    assert [case for case in CASES if not of_kind(rendered(case), "NetworkPolicy")] == [
        "off-values.yaml"
    ]


@pytest.mark.parametrize("case", CLOSED)
def test_everything_is_refused_to_every_pod_of_the_release(case):
    deny = of_kind(rendered(case), "NetworkPolicy")["default-deny"]["spec"]
    assert {*deny} == {"podSelector", "policyTypes"}
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    wanted = deny["podSelector"]["matchLabels"].items()
    for one in rendered(case):
        if one["kind"] in ("Deployment", "Job"):
            assert wanted <= one["spec"]["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize("case", CLOSED)
def test_every_pod_has_a_policy_of_its_own(case):
    policies = of_kind(rendered(case), "NetworkPolicy")
    assert {name for name, _ in pods(rendered(case))} == {*policies} - {"default-deny"}


@pytest.mark.parametrize("case", CLOSED)
def test_only_the_gateway_is_called_and_health_is_asked_for_by_monitoring(case):
    for name, one in of_kind(rendered(case), "NetworkPolicy").items():
        rules = one["spec"].get("ingress", [])
        expected = set() if name in ("default-deny", "topics") else {"health"}
        assert ports(rules) == expected | ({"http"} if name == "gateway" else set())
        for rule in rules:
            assert rule["from"] or "http" in ports([rule])


def test_a_step_reaches_names_brokers_database_and_its_own_outside_system():
    policies = of_kind(rendered("strimzi-values.yaml"), "NetworkPolicy")
    everybody = {53, 9093, 27017, 4318}
    reached = {name: ports(one["spec"].get("egress", [])) for name, one in policies.items()}
    assert reached.pop("default-deny") == set()
    assert reached.pop("documents") == everybody | {443}
    assert reached.pop("campaigns") == everybody | {8081}
    assert [name for name, found in reached.items() if found != everybody] == []
    outside = policies["documents"]["spec"]["egress"][3]
    assert outside["to"] == [{"ipBlock": {"cidr": "203.0.113.0/24"}}]


def test_each_port_of_several_brokers_is_open():
    policies = of_kind(rendered("scaled-values.yaml"), "NetworkPolicy")
    assert ports(policies["contract"]["spec"]["egress"]) == {53, 9092, 9094, 27017}


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://a.example.com", 443),
        ("http://a.example.com/v1", 80),
        ("https://a.example.com:8443/v1", 8443),
        ("http://[fd00::1]:8080", 8080),
        ("http://[fd00::1]/v1", 80),
    ],
)
def test_the_port_of_an_outside_system_is_that_of_its_address(url, port):
    services = {"documents": {"outside": {"url": url}}}
    made = render({**values_of("minimal-values.yaml"), "services": services})
    egress = of_kind(made, "NetworkPolicy")["documents"]["spec"]["egress"]
    assert ports(egress) == {53, 9092, 27017, port}
