"""What the page shows in place of a map or figure that cannot be drawn."""

import pytest

solara = pytest.importorskip("solara")


def test_a_part_that_fails_says_so_in_its_place_and_can_be_tried_again():
    from ipyvuetify import Btn, Html

    from scenarios.app.boundary import Guarded

    is_broken = [True]

    @solara.component
    def Part():  # noqa: N802
        if is_broken[0]:
            raise KeyError("asn")
        solara.Text("the map")

    _, rendered = solara.render(Guarded("The map", lambda: Part()), handle_error=False)
    message = rendered.find(Html, class_="asn-lines asn-problem").widget
    assert message.children == ["The map cannot be drawn (KeyError: 'asn')"]
    is_broken[0] = False
    rendered.find(Btn).widget.click()
    assert not rendered.find(Btn).widgets
    assert rendered.find(Html).widget.children == ["the map"]
    rendered.close()
