"""The job that makes a mongod of a stack's own ready for writes."""

from deploy.local.replica_set import main


def test_it_wants_to_know_which_database(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err == "usage: python -m deploy.local.replica_set HOST:PORT\n"
