"""The description of the API, made from the same declarations that the router has."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from linkage.accounts.rights import Permission
from linkage.web.routing import Access, Parameter, Route

_REF = "#/components/schemas/{name}"
_IN_PATH = re.compile(r"{(\w+)}")
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def describe(routes: Iterable[Route], *, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    shown = [route for route in routes if route.documented]
    shapes = {shape for route in shown for shape in _shapes(route)}
    ordered = sorted(shapes, key=lambda shape: shape.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    refs = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lianfang 联防", "version": version},
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "lianfang_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _shapes(route: Route) -> list[type[Any]]:
    answers = [shape for shape in route.answers.values() if isinstance(shape, type)]
    return answers if route.body is None else [*answers, route.body]


def _operation(route: Route, refs: dict[type[Any], Any]) -> dict[str, Any]:
    in_path = [Parameter(name, "path", True) for name in _IN_PATH.findall(route.path)]
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()} {route.path}",
        "responses": {
            **{str(status): _answer(what, refs) for status, what in route.answers.items()},
            "default": _problem(),
        },
    }
    parameters = [_parameter(p) for p in (*in_path, *route.parameters)]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": refs[route.body]}},
        }
    if route.needs is not Access.PUBLIC:
        operation["security"] = [{"session": []}, {"token": []}]
    if isinstance(route.needs, Permission):
        operation["x-permission"] = route.needs.value
    return operation


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": parameter.schema,
        **({"description": parameter.description} if parameter.description else {}),
    }


def _answer(what: object, refs: dict[type[Any], Any]) -> dict[str, Any]:
    if what is None:
        return {"description": "Done"}
    if isinstance(what, type):
        return {"description": "Good", "content": {"application/json": {"schema": refs[what]}}}
    shape = {"type": "object"} if what == "application/json" else {"type": "string"}
    return {"description": "Good", "content": {str(what): {"schema": shape}}}


def _problem() -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {"description": "A problem (RFC 9457)", "content": content}
