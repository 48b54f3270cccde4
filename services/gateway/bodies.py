"""Reads the body of a request as one of the shapes of answers.py."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from services.gateway.problems import BadRequest, wrong_fields
from services.gateway.strict_json import read_object

Shape = TypeVar("Shape", bound=BaseModel)


async def body_of(request: Request, shape: type[Shape]) -> Shape:
    """BadRequest if it is no JSON object, or is not said to be one: what says nothing may come
    from any web page. Unprocessable names the fields that are wrong."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _NoJson("NOT_JSON", "send Content-Type: application/json")
    found = read_object(await request.body())
    try:
        return shape.model_validate(found)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        raise wrong_fields(told) from None


def described(shape: type[BaseModel], **problems: str) -> dict[str, Any]:
    """What OpenAPI says of a route that reads such a body; `problems` by status, as _409."""
    schema = shape.model_json_schema()
    content = {"application/json": {"schema": schema}}
    wrong = {"413": "The body is too large.", "415": "It is no JSON.", "422": "A field is wrong."}
    wrong |= {status.strip("_"): about for status, about in problems.items()}
    return {"requestBody": {"required": True, "content": content}, "x-problems": wrong}


class _NoJson(BadRequest):
    status = 415
