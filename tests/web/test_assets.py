import hashlib

from lightjobs.web import assets


def vendored():
    """The blocks of VENDORED.txt, one for each file, as dicts."""
    text = (assets.FOLDER / "VENDORED.txt").read_text(encoding="utf-8").partition("\n----")[0]
    blocks = [block for block in text.split("\n\n") if block.startswith("file: ")]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


def test_the_files_of_others_are_the_ones_that_are_named():
    assert {each["file"] for each in vendored()} == {
        "htmx.min.js",
        "uplot.min.js",
        "uplot.min.css",
    }
    for each in vendored():
        content = (assets.FOLDER / each["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
        assert each["version"]
        assert each["source"].startswith("https://")
        assert each["licence"]


def test_files_may_be_kept_for_good_under_the_address_of_their_version(visit):
    client = visit()
    answer = client.get(f"/static/{assets.version()}/lightjobs.css")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.mimetype == "text/css"
    assert client.get("/static/0/lightjobs.css").headers["Cache-Control"] == "no-store"


def test_a_page_names_only_files_that_are_there(visit):
    client = visit()
    for path, count in (("/about", 4), ("/", 8)):  # the charts have four more
        text = client.get(path).text
        links = [part.split('"')[0] for part in text.split('="')[1:] if part.startswith("/static/")]
        assert len(links) == count
        assert {client.get(link).status_code for link in links} == {200}
