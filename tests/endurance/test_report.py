"""Is the page of figures what the runs wrote?"""

from tests.endurance import report


def test_the_page_says_what_the_results_say(monkeypatch, tmp_path):
    assert report.PAGE.read_text("utf-8") == report.page()
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    monkeypatch.setattr(report, "PAGE", tmp_path / "page.md")
    report.write("kills", "What is lost.", {"lost": 0, "acknowledged": 20451}, 1.0, passed=True)
    assert "| acknowledged | 20,451 |" in (tmp_path / "page.md").read_text("utf-8")
    report.write("kills", "What is lost.", {}, 1.0, passed=False)
    assert "kills" not in (tmp_path / "page.md").read_text("utf-8"), "a failed run leaves no figures behind"
