"""The report of recorded models: every number leads back, nothing executes, and a browser shows it."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from browser import Browser
from commands import ok, refused

from aiida_chargeflow.results import tables, tracing

#: A label that would run if any page took it for more than text.
HOSTILE = """<script>window.hacked=1</script></title><img src=x onerror="window.hacked=1">'"`"""
VOID = {"meta", "img", "input", "br", "link", "hr"}


@pytest.fixture(scope="module")
def nodes(paper):
    """Two recorded models, one with a hostile label for as long as the tests run."""
    found = {node.label: node for node in tables.models_of([paper.label])}
    first, second = found["demo-exchange"], found["cs-alloyed"]
    first.label = HOSTILE
    yield first, second
    first.label = "demo-exchange"


@pytest.fixture(scope="module")
def site(nodes, tmp_path_factory):
    directory = tmp_path_factory.mktemp("site") / "report"
    ok("report", *(node.uuid for node in nodes), "-o", directory, "--title", f"Dots {HOSTILE}")
    return directory


@pytest.fixture(scope="module")
def browser(site, tmp_path_factory):  # noqa: ARG001 (no browser before there is a site)
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


def pages(site: Path):
    found = [site / "index.html", site / "compare.html", *sorted((site / "models").glob("*.html"))]
    assert len(found) == 4
    return found


class Page(HTMLParser):
    """What is on a page, and what is wrong with its tags."""

    def __init__(self, path):
        super().__init__()
        self.open, self.ids, self.cells, self.wrong, self.seen = [], [], [], [], []
        self._cell = None
        self.feed(path.read_text(encoding="utf-8"))
        self.wrong += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.seen.append((tag, known))
        self.ids += [known["id"]] if "id" in known else []
        if tag == "img" and not known.get("alt"):
            self.wrong.append("img without alt")
        if tag not in VOID:
            self.open.append(tag)
        if "data-uuid" in known:
            self._cell = [known, ""]
            self.cells.append(self._cell)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")
        if tag in ("td", "th", "div", "p", "li", "figcaption"):
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell[1] += data


def test_pages_are_well_formed(site):
    for path in pages(site):
        page = Page(path)
        assert path.read_text().startswith("<!DOCTYPE html>")
        assert ("html", {"lang": "en"}) in page.seen
        assert not page.wrong
        assert len(page.ids) == len(set(page.ids))


def test_every_number_names_the_node_that_holds_it(site, nodes):
    cells = [cell for cell, _ in Page(site / "index.html").cells if "data-value" in cell]
    assert len(cells) == 2 * 15
    named = {
        uuid for path in pages(site) for cell, _ in Page(path).cells for uuid in cell["data-uuid"].split()
    }
    assert len(named) > 10
    for uuid in named:
        assert orm.load_node(uuid)
    for node in nodes:
        summary = node.outputs.summary
        own = [text for cell, text in Page(site / "index.html").cells if cell["data-uuid"] == summary.uuid]
        for key, digits in (("energy_ev", 3), ("gap_ev", 3), ("band_edge_gap_ev", 3), ("ligands_per_nm2", 2)):
            assert f"{summary.get_dict()[key]:.{digits}f}" in own


def test_every_number_in_a_body_of_a_table_has_a_node(site):
    for path in sorted((site / "models").glob("*.html")):
        tables_of_numbers = path.read_text().split('id="provenance"')[0]
        assert "<td>" not in tables_of_numbers
        assert '<td class="n">' not in tables_of_numbers


def test_pages_and_pictures_can_be_traced(site, nodes):
    uuids = {node.uuid for node in nodes}
    assert uuids <= set(tracing.uuids_of(site / "index.html"))
    pictures = [path for path in (site / "models").rglob("*") if path.suffix in (".svg", ".png")]
    assert len(pictures) >= 10
    for path in pictures:
        assert set(tracing.uuids_of(path)) <= uuids


def test_rows_for_programs(site, nodes):
    told = json.loads((site / "report.json").read_text())
    by_uuid = {row["uuid"]: row for row in told["models"]}
    for node in nodes:
        assert by_uuid[node.uuid]["gap_ev"] == node.outputs.summary["gap_ev"]
    assert set(told["files"]) == {
        path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()
    }
    assert len((site / "models.csv").read_text().splitlines()) >= 3


def test_a_label_is_text_and_nothing_else(site, browser):
    for path in [*pages(site), *(site / "models").glob("*/structure.html")]:
        browser.open(path)
        assert browser.run("window.hacked === undefined")
        assert browser.run("document.querySelectorAll('img[src=x]').length") == 0
    browser.open(site / "index.html")
    assert browser.run("document.querySelector('h1').textContent") == f"Dots {HOSTILE}"


def test_pages_load_without_errors_and_without_a_network(site, browser):
    browser.errors.clear()
    browser.requests.clear()
    for path in pages(site):
        browser.open(path)
        broken = "[...document.images].filter(image => !image.naturalWidth).map(image => image.src)"
        assert browser.run(broken) == []
    assert browser.errors == []
    assert all(url.startswith("file://") for url in browser.requests)
    assert any(url.endswith("structure.html") for url in browser.requests)


PICTURE = "document.getElementById('view').toDataURL()"
COLOURED = """(() => {
  const canvas = document.getElementById('view');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let n = 0;
  for (let k = 0; k < data.length; k += 4) n += Math.max(data[k], data[k+1], data[k+2]) - Math.min(data[k], data[k+1], data[k+2]) > 60;
  return n / (canvas.width * canvas.height);
})()"""  # noqa: E501
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_the_dot_is_drawn_turns_and_changes_its_colours(site, nodes, browser):
    browser.open(site / "models" / f"{nodes[1].pk}-cs-alloyed" / "structure.html")
    assert browser.run(COLOURED) > 0.02
    pictures = [browser.run(PICTURE)]
    for action in (
        "const s = document.getElementById('colouring'); s.value = 'region'; s.dispatchEvent(new Event('input'))",
        "[...document.querySelectorAll('#panel label')].find(l => l.textContent.includes('arrows')).click()",
        "document.getElementById('view').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }))",
    ):
        browser.run(f"(() => {{ {action} }})()")
        browser.run(DRAWN)
        pictures.append(browser.run(PICTURE))
    assert len(set(pictures)) == len(pictures)
    legend = browser.run("[...document.querySelectorAll('button.entry')].map(entry => entry.textContent)")
    assert legend == ["core", "interlayer", "ligand"]


def test_the_dot_turns_with_the_mouse_and_is_drawn_whole_when_let_go(site, nodes, browser):
    browser.open(site / "models" / f"{nodes[1].pk}-cs-alloyed" / "structure.html")
    before = browser.run("view.matrix")
    browser.mouse("mousePressed", 300, 400)
    browser.mouse("mouseMoved", 360, 430)
    browser.run(DRAWN)
    turning = browser.run(PICTURE)
    browser.mouse("mouseReleased", 360, 430)
    browser.run(DRAWN)
    still = browser.run(PICTURE)
    turned = np.array(browser.run("view.matrix"))
    assert np.abs(turned - before).max() > 0.1
    assert turned @ turned.T == pytest.approx(np.eye(3))
    assert still != turning
    browser.run("draw()")
    assert browser.run(PICTURE) == still


def test_the_table_sorts_by_mouse_and_keyboard(site, nodes, browser):
    browser.open(site / "index.html")
    column = "[...document.querySelectorAll('th[data-key]')].findIndex(head => head.dataset.key === 'gap_ev')"
    shown = (
        f"[...document.querySelectorAll('.sortable tbody tr')].map(row => row.cells[{column}].textContent)"
    )
    button = "document.querySelector('th[data-key=gap_ev] button')"
    gaps = sorted(node.outputs.summary["gap_ev"] for node in nodes)
    browser.run(f"{button}.click()")
    assert [float(text) for text in browser.run(shown)] == pytest.approx(gaps, abs=6e-4)
    assert browser.run(f"{button}.parentElement.getAttribute('aria-sort')") == "ascending"
    browser.run(f"{button}.focus()")
    browser.press("Enter", 13)
    assert [float(text) for text in browser.run(shown)] == pytest.approx(gaps[::-1], abs=6e-4)
    assert browser.run(f"{button}.parentElement.getAttribute('aria-sort')") == "descending"


@pytest.mark.parametrize(
    ("words", "n"), [("alloyed", 1), ("gap_ev<0.5", 1), ("n_atoms>40", 2), ("Zn", 0), ("", 2)]
)
def test_the_filter_hides_rows(site, browser, words, n):
    browser.open(site / "index.html")
    browser.run(f"filter.value = {json.dumps(words)}; filter.dispatchEvent(new Event('input'))")
    assert browser.run("document.querySelectorAll('table.sortable tbody tr:not([hidden])').length") == n
    assert browser.run("document.getElementById('shown').textContent") == f"{n} of 2 models"


def test_a_click_on_a_number_shows_how_to_trace_it(site, nodes, browser):
    browser.open(site / "index.html")
    uuid = nodes[1].outputs.summary.uuid
    browser.run(f"document.querySelector('td.n[data-uuid=\"{uuid}\"]').click()")
    assert (
        browser.run("document.getElementById('source-command').textContent")
        == f"aiida-chargeflow trace {uuid}"
    )
    assert browser.run("document.getElementById('source').offsetHeight") > 0
    browser.press("Escape", 27)
    assert browser.run("document.getElementById('source').offsetHeight") == 0


def test_a_directory_that_is_no_report_is_refused_at_once(nodes, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert "is no report" in refused("report", nodes[0].uuid, "-o", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
