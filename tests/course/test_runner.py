"""The runner of the labs can tell right from wrong."""

from pathlib import Path

import pytest

from tests.course import labs


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a  \n\n", True),
        ("a\n", "b\n", False),
        ("id …, 3 rows\n", "id 7f-0, 3 rows\n", True),
        ("id …, 3 rows\n", "id 7f-0, 4 rows\n", False),
        ("a\n…\nz\n", "a\nb\nc\nz\n", True),
        ("a\n…\nz\n", "a\nz\n", True),
        ("a\n…\nz\n", "a\nb\n", False),
        ("…\n", "anything\nat all\n", True),
        ("a.c\n", "abc\n", False),
        ("ok\n", "\x1b[32mok\x1b[0m\n", True),
        ("a\n", "a\nb\n", False),
    ],
)
def test_an_output_is_compared_with_wildcards(expected: str, got: str, same: bool) -> None:
    assert labs.matches(expected, got) is same


def test_steps_are_read_with_their_output_and_line() -> None:
    text = "# A\n\n```sh\necho 1\n```\n\nshows\n\n```text\n1\n```\n\n"
    text += "1. then\n\n    ```sh\n    x=1\n    ```\n\n```json\n{}\n```\n"
    assert labs.steps(text) == [labs.Step(3, "echo 1\n", "1\n"), labs.Step(15, "    x=1\n", None)]


def test_an_output_without_commands_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1"):
        labs.steps("```text\n1\n```\n")


def test_a_shell_remembers_and_tells_the_status(tmp_path: Path) -> None:
    shell = labs.Shell(tmp_path, {"PATH": "/usr/bin:/bin"})
    assert shell.run("x=1; printf %s $x") == (0, "1\n")
    assert shell.run("echo $x >&2; false") == (1, "1\n\n")
    shell.close()


def test_a_wrong_output_is_reported_with_its_line(tmp_path: Path) -> None:
    page = tmp_path / "01-a.md"
    page.write_text("```sh\necho 2\n```\n```text\n1\n```\n", encoding="utf-8")
    shell = labs.Shell(tmp_path, {"PATH": "/usr/bin:/bin"})
    with pytest.raises(AssertionError, match=r"01-a.md:1\necho 2\nexpected:\n1\n\ngot:\n2"):
        labs.run(page, shell)
    shell.close()
