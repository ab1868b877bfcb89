"""batch: up to fifty commands in one request, each of which may use the results of those before it."""

import re
from collections.abc import Mapping
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Caller, Outcome
from headwater.sandbox.bitrix24.errors import Refused, batch_too_long, not_in_batch
from headwater.sandbox.bitrix24.faults import Kind
from headwater.sandbox.bitrix24.limits import Accounting
from headwater.sandbox.bitrix24.lists import Rows
from headwater.sandbox.bitrix24.methods import BATCH
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.running import run, timing

LENGTH = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\]]*\])+)")
_STEP = re.compile(r"\[([^\]]*)\]")


def run_batch(portal: Portal, caller: Caller, params: Mapping[str, Any]) -> Outcome:
    """Runs the commands in sequence. Errors stand beside the results; each section obeys PHP's array rule."""
    named = {name.lower(): value for name, value in params.items()}
    halt = php.integer(named.get("halt")) > 0
    whole = portal.limits.rules.accounting is Accounting.BATCH
    frozen = portal.limits.operating(caller.credential, BATCH) if whole else None
    results: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    totals: dict[str, Any] = {}
    nexts: dict[str, Any] = {}
    times: dict[str, Any] = {}
    seconds = 0.0
    for at, (key, command) in enumerate(php.as_map(named.get("cmd")).items()):
        began = portal.clock.time() + seconds
        method, params_of = _command(command, results)
        try:
            outcome = _one(portal, caller, key, method, params_of, at=at, charged_to=BATCH if whole else "")
        except Refused as refused:
            portal.stats.errors[str(refused.body["error"])] += 1
            errors[key] = refused.body
            if halt:
                break
            continue
        seconds += outcome.seconds
        if portal.faults.take(frozenset({Kind.MISSING_KEY}), method, key):
            continue
        results[key] = outcome.result
        if outcome.total is not None:
            totals[key] = outcome.total
        if outcome.next is not None:
            nexts[key] = outcome.next
        times[key] = timing(portal, caller, method, began, outcome.seconds, operating=frozen)
    sections = {"result": results, "result_error": errors, "result_total": totals, "result_next": nexts}
    sections["result_time"] = times
    return Outcome({name: php.array(section) for name, section in sections.items()}, seconds=seconds)


def _one(
    portal: Portal, caller: Caller, key: str, method: str, params: dict[str, Any], *, at: int, charged_to: str
) -> Outcome:
    if at >= LENGTH:
        raise batch_too_long()
    if method == BATCH:
        raise not_in_batch()
    portal.stats.commands[method] += 1
    return run(portal, caller, method, params, key=key, charged_to=charged_to)


def _command(command: Any, results: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The method of a command and its parameters: decoded first, then references put in."""
    name, _, query = php.text(command).partition("?")
    return method_name(name), {key: _filled(value, results) for key, value in php.query(query).items()}


def method_name(name: str) -> str:
    """A method's name as the portal looks it up: lower case, without the format suffix."""
    return name.strip().strip("/").lower().removesuffix(".json")


def _filled(value: Any, results: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(inside, results) for key, inside in value.items()}
    if not isinstance(value, str) or "$result" not in value:
        return value
    alone = _REFERENCE.fullmatch(value)
    if alone:
        return _found(alone[1], results)
    return _REFERENCE.sub(lambda match: php.text(_found(match[1], results)), value)


def _found(path: str, results: Mapping[str, Any]) -> Any:
    """What a reference points at; the empty text when that does not exist."""
    node: Any = results
    for step in _STEP.findall(path):
        if isinstance(node, (list, Rows)):
            node = node[int(step)] if step.isdigit() and int(step) < len(node) else None
        else:
            node = node.get(step) if isinstance(node, Mapping) else None
    return node if php.is_array(node) else php.text(node)
