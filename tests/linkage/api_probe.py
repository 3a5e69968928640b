"""The description of the API held against the real one: calls made from the one, judged by it.

Schemathesis makes the calls: such as the description allows, and such as it does not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import requests
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

OWN_PAGE = {"X-Requested-With": "lianfang"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ENDLESS = {"GET /api/v1/stream", "GET /api/v1/live"}
"""They answer for as long as somebody listens; they have tests of their own."""
WAITING_S = 20.0


@dataclass
class Probe:
    """Calls every operation of the description as these people, with the ids of things there."""

    url: str
    people: Mapping[str, str]
    """Passwords by user name; the calls go by turns."""
    things: Mapping[str, str]
    """What `{id}` is, by the beginning of the path."""
    examples: int
    """For each operation, such as the description allows; and as many that it does not."""
    pass_time: Callable[[], None]
    """Lets the time go by that those wait who have tried too often."""
    seed: int = 1
    asked: dict[str, list[int]] = field(default_factory=dict)
    """The statuses that came, by operation."""
    wrong: dict[str, str] = field(default_factory=dict)
    """What broke the description, by operation and kind."""

    def run(self) -> None:
        address = f"{self.url}/api/v1/openapi.json"
        described = requests.get(address, timeout=WAITING_S, **self.as_one(0))
        described.raise_for_status()
        schema = schemathesis.openapi.from_dict(described.json())
        # who calls is ours to say; what comes of a wrong cookie has a test of its own
        schema.config.generation.with_security_parameters = False
        for result in schema.get_all_operations():
            operation = result.ok()
            name = f"{operation.method.upper()} {operation.path}"
            if name not in ENDLESS:
                self._probe(name, operation)

    def as_one(self, turn: int) -> dict[str, Any]:
        """A new session: an earlier call may have ended or locked the last one."""
        self.pass_time()
        username, password = list(self.people.items())[turn % len(self.people)]
        answer = requests.post(
            f"{self.url}/api/v1/session",
            json={"username": username, "password": password},
            headers=OWN_PAGE,
            timeout=WAITING_S,
        )
        assert answer.status_code == 204, answer.text
        return {"cookies": answer.cookies.get_dict(), "headers": OWN_PAGE}

    def _probe(self, name: str, operation: Any) -> None:
        modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
        people = [self.as_one(turn) for turn in range(len(self.people))]
        turns = _turns(len(people))
        statuses = self.asked.setdefault(name, [])
        for mode in modes:

            @hypothesis.seed(self.seed)
            @hypothesis.settings(
                max_examples=self.examples,
                deadline=None,
                database=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
            def call(case: Any) -> None:
                if "id" in case.path_parameters and (thing := self._thing(operation.path)):
                    case.path_parameters["id"] = thing
                who = people[next(turns)]
                answer = case.call(base_url=self.url, timeout=WAITING_S, **who)
                statuses.append(answer.status_code)
                try:
                    case.validate_response(answer, checks=CHECKS)
                except FailureGroup as failures:
                    for one in failures.exceptions:
                        said = f"{answer.status_code} {answer.text[:300]!r} to {case.body!r:.200}"
                        key = f"{name}: {type(one).__name__}"
                        self.wrong.setdefault(key, f"{str(one)[:400]}; {said}")

            try:
                call()
            except hypothesis.errors.Unsatisfiable:
                continue  # nothing of this operation can be wrong

    def _thing(self, path: str) -> str | None:
        found = [prefix for prefix in self.things if path.startswith(prefix)]
        return self.things[max(found, key=len)] if found else None


def _turns(count: int) -> Iterator[int]:
    while True:
        yield from range(count)
