"""What the program says: in two languages, with help and an example for every command."""

import ast
from pathlib import Path
from string import Formatter

import pytest
import typer

from headwater import cli
from headwater.cli.texts import TEXTS, alerts, events, together
from headwater.warehouse.retention import RULES


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_is_there_in_both_languages_with_the_same_facts(key):
    english, russian = TEXTS[key]

    assert english.strip()
    assert russian.strip()
    assert placeholders(english) == placeholders(russian)


def test_a_key_that_two_stories_have_is_an_error():
    assert together(alerts.TEXTS, events.TEXTS) == {**alerts.TEXTS, **events.TEXTS}
    with pytest.raises(ValueError, match="twice: alerts_none"):
        together(alerts.TEXTS, events.TEXTS, {"alerts_none": ("All is well.", "Всё хорошо.")})


def test_every_text_a_command_asks_for_is_in_the_catalogue():
    asked = set()
    for path in sorted(Path(cli.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("line", "text") and isinstance(node.args[0].value, str):
                asked.add(node.args[0].value)

    assert len(asked) > 20
    assert asked <= set(TEXTS)


def test_every_rule_of_what_is_kept_how_long_has_its_words():
    assert {f"keep_{rule.what}" for rule in RULES} == {key for key in TEXTS if key.startswith("keep_")}


def commands(group, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command of the program, in the words a user types."""
    found = []
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found += commands(command, (*words, name)) if inner else [(*words, name)]
    return found


COMMANDS = commands(typer.main.get_command(cli.app))


def test_the_program_has_its_commands():
    assert {"demo", "connect", "sync", "status", "doctor", "migrate", "failed", "db", "sandbox"} <= {
        words[0] for words in COMMANDS
    }


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
async def test_the_help_of_a_command_says_what_it_does_and_shows_an_example(headwater, words):
    said = await headwater(*words, "--help")

    assert said.code == 0
    assert f"Usage: headwater {' '.join(words)}" in said.words
    assert "Example" in said.out
    assert f"headwater {' '.join(words)}" in said.words.partition("Example")[2]


@pytest.mark.parametrize("words", [(), ("db",), ("failed",), ("sandbox",)], ids=" ".join)
async def test_a_group_without_a_command_shows_its_commands(headwater, words):
    said = await headwater(*words)

    assert said.code == 2
    assert "Commands:" in said.out + said.err


async def test_the_help_lists_the_exit_codes_and_the_version_is_told(headwater):
    assert "6 done, but some records were kept aside" in (await headwater("--help")).words
    assert (await headwater("--version")).code == 0


async def test_it_speaks_russian_when_it_is_asked_to(filled, headwater):
    synced = await headwater("sync", "--full", HEADWATER_LANGUAGE="ru")
    status = await headwater("status", HEADWATER_LANGUAGE="ru_RU.UTF-8")
    lost = await headwater("sync", "--connection", "third", HEADWATER_LANGUAGE="ru")

    assert "deals: прочитано 60, новых 0, изменённых 0, прежних 60, отложено 0" in synced.out
    assert "соединение сущность состояние" in status.words
    assert lost.err.startswith("Нужны вы: ")
