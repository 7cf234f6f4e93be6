"""What of a report stands open: its words, as a reader meets them."""

import re
from html.parser import HTMLParser

WORD = re.compile(r"\S*\w\S*")
MOST = 2_500  # of a report, whatever was measured


class _Open(HTMLParser):
    """Texts outside scripts and closed folds; a narrow chart is the wide one once more."""

    def __init__(self):
        super().__init__()
        self.within, self.closed, self.words = [], 0, []

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        if tag in ("meta", "link", "br", "img", "input"):
            return
        hidden = tag in ("script", "style", "title") or "narrow" in (told.get("class") or "").split()
        self.within.append((tag, hidden, tag == "details" and "open" not in told))

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        while self.within:
            last = self.within.pop()
            if last[0] == tag:
                return

    def handle_data(self, data):
        if any(hidden for _, hidden, _ in self.within):
            return
        folds = [k for k, (_, _, folded) in enumerate(self.within) if folded]
        if folds and (len(folds) > 1 or not any(tag == "summary" for tag, _, _ in self.within[folds[0] :])):
            return
        chart = any(tag == "svg" for tag, _, _ in self.within)
        self.words += [w for w in WORD.findall(data) if not chart or re.search("[A-Za-z]", w)]  # no figures of an axis


def open_words(page):
    """Of an HTML report."""
    reader = _Open()
    reader.feed(page)
    return reader.words
