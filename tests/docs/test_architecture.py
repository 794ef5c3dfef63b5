"""The picture of the pipeline is fresh and shows rooms that exist."""

from tests.docs import architecture


def test_the_picture_is_fresh():
    assert architecture.FILE.read_text(encoding="utf-8") == architecture.draw(), (
        "run: python -m tests.docs.architecture"
    )


def test_every_box_of_ours_is_a_room():
    rooms = {box.room for box in architecture.BOXES.values() if box.room}
    assert all((architecture.ROOT / room).is_dir() for room in rooms)


def test_readme_and_design_show_it():
    for page, path in {
        "README.md": "docs/images/architecture.svg",
        "docs/design.md": "images/architecture.svg",
    }.items():
        assert f"({path})" in (architecture.ROOT / page).read_text(encoding="utf-8")
