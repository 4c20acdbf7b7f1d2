from __future__ import annotations

from tests.operations.play import Play
from tests.pages.browsers import Site
from tests.pages.reading import words


async def test_the_centre_tells_what_the_mails_tell(site: Site, play: Play) -> None:
    orientation_id = await play.offer()
    async with site.browser("chloe") as client:
        page = await client.get("/notifications")
        assert f"/orientations/{orientation_id}" in page.text
        assert "Non lue" in words(page)
        sent = await client.post("/notifications")
        assert sent.status_code == 303
        after = await client.get("/notifications")
    assert "Toutes les notifications sont lues." in words(after)
    assert "Non lues 0" in words(after)


async def test_one_sees_only_ones_own(site: Site, play: Play) -> None:
    orientation_id = await play.offer()
    for who in ("karine", "denis", "estelle", "farid"):
        async with site.browser(who) as client:
            page = await client.get("/notifications")
        assert str(orientation_id) not in page.text
        assert "Aucune notification" in words(page)
