"""Errors: the members of RFC 9457 and of the older API, and no value of what was sent."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from services.gateway.answering import problem_of, problem_response
from services.gateway.answers import Compensate, StartOnboarding
from services.gateway.bodies import body_of as read_body
from services.gateway.creation import Creation
from services.gateway.problems import Conflict, NoKey, Problem, TooMany, Unavailable, body_of

SECRET = "ana@secret.example"
SHAPES = (StartOnboarding, Compensate, Creation)
NAMES = sorted({name for shape in SHAPES for name in shape.model_fields})
WRONG = st.sampled_from([SECRET, SECRET * 40, [SECRET], {"email": SECRET}, {SECRET: SECRET}])
MEMBERS = {
    *("type", "title", "status", "detail", "instance"),
    *("error", "codigo", "saga_id", "timestamp"),
}


def posted(body: bytes) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/json")]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


def every(kind: type[Problem]) -> list[type[Problem]]:
    return [kind, *(one for below in kind.__subclasses__() for one in every(below))]


def problem_with(sent: object, shape: type[BaseModel]) -> str:
    """The error of a body; nothing if it is taken."""
    try:
        asyncio.run(read_body(posted(json.dumps(sent).encode()), shape))
    except Problem as problem:
        return json.dumps(body_of(problem, "/", datetime.now(UTC)))
    return ""


@given(st.sampled_from(SHAPES), st.dictionaries(st.sampled_from(NAMES), WRONG))
def test_no_value_that_was_sent_comes_back_in_an_error(shape, sent):
    assert "secret" not in problem_with(sent, shape)


@pytest.mark.parametrize("length", [1, 100, 100_000])
def test_a_field_that_is_not_known_is_named_in_short(length):
    told = problem_with({"reason": "x", "n" * length: SECRET}, Compensate)
    assert f"{'n' * min(length, 100)}: Extra inputs" in told
    assert len(told) < 1_000


def test_each_problem_has_a_status_of_its_own_kind():
    assert all(400 <= one.status <= 503 for one in every(Problem))


def test_a_problem_has_the_members_of_both_and_what_it_adds():
    problem = Conflict("SEVERAL", "it stands for several", saga_id="s-1", sagas=["s-1", "s-2"])
    answer = problem_response(problem, "/sagas/x")
    told = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(told) == {*MEMBERS, "sagas"}
    assert (told["status"], told["title"], told["instance"]) == (409, "Conflict", "/sagas/x")
    assert (told["error"], told["codigo"], told["saga_id"]) == (told["detail"], "SEVERAL", "s-1")


@pytest.mark.parametrize(
    ("problem", "name", "value"),
    [
        (NoKey("x"), "www-authenticate", "Bearer"),
        (TooMany("x", 0), "retry-after", "1"),
        (TooMany("x", 7), "retry-after", "7"),
        (Unavailable("x"), "retry-after", "5"),
    ],
)
def test_a_problem_says_in_a_header_what_to_do(problem, name, value):
    assert problem_response(problem, "/").headers[name] == value


@pytest.mark.parametrize("error", [ValueError(SECRET), KeyError(SECRET), TimeoutError(SECRET)])
def test_of_what_nobody_foresaw_nothing_is_told(error):
    problem = problem_of(error)
    assert problem.status in (500, 503)
    assert "secret" not in json.dumps(body_of(problem, "/", datetime.now(UTC)))
