"""Ports for servers that are told theirs before they listen."""

import random

from deploy.local.ports import free_ports


def test_a_port_that_was_given_is_not_given_again_though_nobody_listens_on_it_yet():
    first, second = free_ports(3, random.Random(7)), free_ports(3, random.Random(7))
    assert len({*first, *second}) == 6
