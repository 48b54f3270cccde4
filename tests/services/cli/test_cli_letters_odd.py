"""Letters of records that nobody would send: they are listed and shown, and name nobody."""

from letters_given import SECRET, Topics

from services.cli.dlq import facts_of


def test_a_list_of_letters_names_nobody():
    topics = Topics()
    topics.poison(headers=(("ce_sagaid", SECRET.encode()),))
    (letter,) = topics.letters()
    assert SECRET not in str(letter.row)
    assert SECRET not in str(facts_of(letter, reveal=False))


def test_a_letter_whose_record_had_an_impossible_time_is_still_listed():
    topics = Topics()
    topics.poison(timestamp_ms=999_999_999_999_999)  # CreateTime: the producer's own, any int64
    assert len(topics.letters()) == 1


def test_a_letter_whose_value_is_nested_deep_is_still_shown():
    topics = Topics()
    topics.poison(value=b'{"a":' * 1000 + b"1" + b"}" * 1000)
    (letter,) = topics.letters()
    assert facts_of(letter, reveal=False)
    assert facts_of(letter, reveal=True)
