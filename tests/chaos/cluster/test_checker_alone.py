"""The checker knows none of the packages that it judges: a mistake of theirs cannot hide itself."""

from tests.sources import Source, imports, sources

HERE = "tests.chaos.cluster."


def knows_our_packages(source: Source) -> list[str]:
    ours = ("contracts", "services", "saga_state", "deploy")
    return [name for name in imports(source) if name.partition(".")[0] in ours]


def test_the_checker_knows_none_of_the_packages_that_it_judges():
    by_name = {f"{HERE}{one.path.split('/')[-1][:-3]}": one
               for one in sources("tests/chaos/cluster")}  # fmt: skip
    wanted, reached = [f"{HERE}checker"], set[str]()
    while wanted:
        name = wanted.pop()
        reached.add(name)
        assert knows_our_packages(by_name[name]) == []
        mine = {
            one.rpartition(".")[0] for one in imports(by_name[name]) if one.startswith("tests.")
        }
        assert mine <= by_name.keys(), f"{name} leans on {mine}"
        wanted += mine - reached
    assert len(reached) == 5
    assert knows_our_packages(by_name[f"{HERE}workers"])
